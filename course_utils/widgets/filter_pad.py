"""A pad of nine squares to paint the numbers of a filter on, with the mouse or the keyboard.

The page paints at once and sends the numbers to the kernel.
"""

import numpy as np
import traitlets
from anywidget import AnyWidget

SIDE = 3

_PAD = """
const SIDE = 3, BRUSHES = [2, 1, 0, -1, -2];

function text(number) {
  return Number.isInteger(number) ? String(number) : number.toFixed(2).replace(/0$/, "");
}
function render({ model, el }) {
  let numbers = [...model.get("value")], brush = 1, painting = false;
  el.classList.add("course-filter-pad");
  const row = document.createElement("div"), grid = document.createElement("div");
  row.className = "course-filter-brushes";
  row.setAttribute("role", "radiogroup");
  row.setAttribute("aria-label", "number to paint with");
  grid.className = "course-filter-squares";
  grid.setAttribute("role", "group");
  grid.setAttribute("aria-label", model.get("label"));
  grid.dataset.preventSwipe = "";

  const choices = BRUSHES.map((number) => {
    const button = document.createElement("button");
    button.textContent = text(number);
    button.setAttribute("role", "radio");
    button.addEventListener("click", () => { brush = number; showBrush(); });
    row.append(button);
    return button;
  });
  function showBrush() {
    choices.forEach((button, k) =>
      button.setAttribute("aria-checked", String(BRUSHES[k] === brush)));
  }
  const squares = numbers.map((_, k) => {
    const square = document.createElement("button");
    square.dataset.place = k;
    square.addEventListener("keydown", (event) => {
      const by = { "+": 1, "-": -1, Enter: null, " ": null }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      put(k, by === null ? brush : Math.round(numbers[k]) + by);
    });
    grid.append(square);
    return square;
  });
  function show() {
    numbers.forEach((number, k) => {
      const strength = Math.min(1, Math.abs(number) / 2);
      const color = number > 0 ? `rgba(84, 39, 136, ${strength})` : `rgba(179, 88, 6, ${strength})`;
      squares[k].textContent = text(number);
      squares[k].style.background = number ? color : "white";
      squares[k].style.color = strength > 0.6 ? "white" : "black";
      const place = `row ${Math.floor(k / SIDE) + 1}, column ${k % SIDE + 1}`;
      squares[k].setAttribute("aria-label", `${place}: ${text(number)}`);
    });
  }
  function put(k, number) {
    if (numbers[k] === number) return;
    numbers[k] = number;
    show();
    model.set("value", [...numbers]);
    model.save_changes();
  }
  function paint(event) {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    if (under && under.dataset.place !== undefined && grid.contains(under))
      put(Number(under.dataset.place), brush);
  }
  grid.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    painting = true;
    if (event.target.hasPointerCapture?.(event.pointerId))
      event.target.releasePointerCapture(event.pointerId);
    paint(event);
  });
  grid.addEventListener("pointermove", (event) => { if (painting) paint(event); });
  const lift = () => { painting = false; };
  addEventListener("pointerup", lift);
  addEventListener("pointercancel", lift);
  // a stroke is not a swipe to the next slide
  for (const name of ["pointerdown", "pointermove", "pointerup", "touchstart", "touchmove"])
    grid.addEventListener(name, (event) => event.stopPropagation());

  const receive = () => { numbers = [...model.get("value")]; show(); };
  el.append(row, grid);
  showBrush();
  show();
  model.on("change:value", receive);
  return () => {
    removeEventListener("pointerup", lift);
    removeEventListener("pointercancel", lift);
    model.off("change:value", receive);
  };
}
export default { render };
"""

_LOOK = """
.course-filter-pad { width: 212px; }
.course-filter-brushes { display: flex; gap: 4px; margin: 0 0 6px; }
.course-filter-brushes button { flex: 1; height: 34px; font-size: 18px; background: white;
  border: 1px solid #777; cursor: pointer; }
.course-filter-brushes button[aria-checked="true"] { font-weight: bold;
  outline: 3px solid #0072B2; outline-offset: -3px; }
.course-filter-squares { display: grid; grid-template-columns: repeat(3, 68px); gap: 2px;
  touch-action: none; }
.course-filter-squares button { height: 68px; font-size: 22px; border: 1px solid #555;
  cursor: crosshair; touch-action: none; user-select: none; }
"""


def _to_page(value: np.ndarray, _widget) -> list[float]:
    return [float(number) for number in value.ravel()]


def _from_page(numbers, _widget) -> np.ndarray:
    return np.asarray(numbers, float).reshape(SIDE, SIDE)


class FilterPad(AnyWidget):
    """Nine squares to paint on with one of five numbers. `value` is the filter, (3, 3) float64.

    With the keyboard: Tab goes to a square, + and - change its number, Enter puts the brush's.
    An array of the same shape replaces the filter (ValueError otherwise). As a control of a `Demo`
    it stands beside the picture.
    """

    _esm = _PAD
    _css = _LOOK
    beside_picture = True
    label = traitlets.Unicode("Filter of three rows and three columns to paint").tag(sync=True)
    value = traitlets.Instance(np.ndarray).tag(sync=True, to_json=_to_page, from_json=_from_page)

    @traitlets.default("value")
    def _nothing(self) -> np.ndarray:
        return np.zeros((SIDE, SIDE))

    @traitlets.validate("value")
    def _check(self, proposal) -> np.ndarray:
        value = np.array(proposal["value"], float)
        if value.shape != (SIDE, SIDE):
            raise ValueError(f"value has shape {value.shape}, expected ({SIDE}, {SIDE})")
        if not np.isfinite(value).all():
            raise ValueError("value holds a number that is not finite, expected nine finite ones")
        return value
