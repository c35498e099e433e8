"""A pad to draw a digit on with the mouse or a finger, as 28 by 28 gray values.

The page draws the ink at once and sends the values to the kernel while the pen moves.
"""

import numpy as np
import traitlets
from anywidget import AnyWidget

SIDE = 28

# The ink is drawn smoothly on a hidden canvas of 280 pixels a side; each cell of the grid is the
# mean over its 10 by 10 pixels, so that strokes have gray edges, as the digits of MNIST do.
_PAD = """
const SIDE = 28, SIZE = 280, CELL = SIZE / SIDE, PEN = 2.8 * CELL, MILLISECONDS = 50;

function render({ model, el }) {
  const ink = new OffscreenCanvas(SIZE, SIZE).getContext("2d", { willReadFrequently: true });
  Object.assign(ink, { lineWidth: PEN, lineCap: "round", lineJoin: "round" });
  ink.strokeStyle = "white";
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", model.get("label"));
  canvas.dataset.preventSwipe = "";
  const seen = canvas.getContext("2d");
  const clear = document.createElement("button");
  clear.textContent = "Clear";
  clear.className = "jupyter-button widget-button";
  el.classList.add("course-drawing-pad");
  el.append(canvas, clear);
  let grid = new Uint8Array(SIDE * SIDE), last = null, timer = null;

  function show() {
    for (let k = 0; k < grid.length; k++) {
      const gray = 255 - grid[k];
      seen.fillStyle = `rgb(${gray}, ${gray}, ${gray})`;
      seen.fillRect((k % SIDE) * CELL, Math.floor(k / SIDE) * CELL, CELL, CELL);
    }
  }
  function wipe() {
    ink.fillStyle = "black";
    ink.fillRect(0, 0, SIZE, SIZE);
  }
  function readInk() {
    const pixels = ink.getImageData(0, 0, SIZE, SIZE).data, sums = new Float64Array(SIDE * SIDE);
    for (let y = 0; y < SIZE; y++)
      for (let x = 0; x < SIZE; x++)
        sums[Math.floor(y / CELL) * SIDE + Math.floor(x / CELL)] += pixels[4 * (y * SIZE + x)];
    grid = Uint8Array.from(sums, (sum) => Math.round(sum / (CELL * CELL)));
    show();
  }
  function send() {
    clearTimeout(timer);
    timer = null;
    model.set("value", new DataView(grid.slice().buffer));
    model.save_changes();
  }
  function receive() {
    const value = model.get("value");
    const sent = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    if (last || timer || sent.every((gray, k) => gray === grid[k])) return;
    grid = sent.slice();
    wipe();
    grid.forEach((gray, k) => {
      ink.fillStyle = `rgb(${gray}, ${gray}, ${gray})`;
      ink.fillRect((k % SIDE) * CELL, Math.floor(k / SIDE) * CELL, CELL, CELL);
    });
    show();
  }
  function place(event) {
    const box = canvas.getBoundingClientRect();
    const scale = box.width / canvas.offsetWidth;  // slides may be scaled
    return [
      (event.clientX - box.left) / scale - canvas.clientLeft,
      (event.clientY - box.top) / scale - canvas.clientTop,
    ];
  }
  function stroke(event) {
    const here = place(event);
    ink.beginPath();
    if (last) {
      ink.moveTo(...last);
      ink.lineTo(...here);
      ink.stroke();
    } else {  // a line of no length leaves no ink, a click should
      ink.arc(...here, PEN / 2, 0, 2 * Math.PI);
      ink.fillStyle = "white";
      ink.fill();
    }
    last = here;
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    canvas.setPointerCapture(event.pointerId);
    stroke(event);
    readInk();
    timer ??= setTimeout(send, MILLISECONDS);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last || !event.isPrimary) return;
    const passed = event.getCoalescedEvents();
    (passed.length ? passed : [event]).forEach(stroke);
    readInk();
    timer ??= setTimeout(send, MILLISECONDS);
  });
  const lift = (event) => {
    if (!last || !event.isPrimary) return;
    last = null;
    send();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  // a stroke is not a swipe to the next slide
  for (const name of ["pointerdown", "pointermove", "pointerup", "touchstart", "touchmove"])
    canvas.addEventListener(name, (event) => event.stopPropagation());
  clear.addEventListener("click", () => {
    wipe();
    readInk();
    send();
  });
  wipe();
  show();
  receive();
  model.on("change:value", receive);
  return () => {
    clearTimeout(timer);
    model.off("change:value", receive);
  };
}
export default { render };
"""

_LOOK = """
.course-drawing-pad { display: flex; flex-direction: column; gap: 4px; width: 284px; }
.course-drawing-pad canvas { width: 280px; height: 280px; border: 2px solid #555;
  cursor: crosshair; touch-action: none; }
"""


def _to_page(value: np.ndarray, _widget) -> bytes:
    return np.rint(255 * value).astype(np.uint8).tobytes()


def _from_page(buffer, _widget) -> np.ndarray:
    return np.frombuffer(buffer, np.uint8).reshape(SIDE, SIDE) / np.float32(255)


class DrawingPad(AnyWidget):
    """A pad with a clear button. `value` is what is drawn: (28, 28) float32, 0 empty, 1 full ink.

    It follows the pen about 20 times a second, and can be set: an array of the same shape with
    values from 0 to 1 replaces the drawing (ValueError otherwise). As a control of a `Demo` it
    stands beside the picture.
    """

    _esm = _PAD
    _css = _LOOK
    beside_picture = True
    label = traitlets.Unicode("Pad to draw a digit on with the mouse or a finger").tag(sync=True)
    value = traitlets.Instance(np.ndarray).tag(sync=True, to_json=_to_page, from_json=_from_page)

    @traitlets.default("value")
    def _empty(self) -> np.ndarray:
        return np.zeros((SIDE, SIDE), np.float32)

    @traitlets.validate("value")
    def _check(self, proposal) -> np.ndarray:
        value = np.asarray(proposal["value"], np.float32)
        if value.shape != (SIDE, SIDE):
            raise ValueError(f"value has shape {value.shape}, expected ({SIDE}, {SIDE})")
        if not (value.min() >= 0 and value.max() <= 1):
            raise ValueError(
                f"value lies from {value.min():g} to {value.max():g}, expected 0 to 1: "
                "did you forget to divide by 255?"
            )
        return value

    def clear(self) -> None:
        """Take all ink away."""
        self.value = self._empty()
