"""The base of every interactive demo: controls, one figure, and one image that is kept.

A change of a control moves the artists of the figure in place and sends the page a new picture.
"""

import base64
import html
import io
import sys
import zlib
from collections.abc import Iterable

import ipywidgets as widgets
import numpy as np
from ipywidgets.widgets.widget import _instances as registry
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from traitlets import TraitError

from course_utils.alt_text import describe

DPI = 100
PACKAGE = __name__.rpartition(".")[0]
UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"


class Demo:
    """A figure with controls. A subclass says what to control, what to draw, and what moves.

        class Line(Demo):
            alt = "A line through the origin whose slope the slider sets."

            def make_controls(self):
                return {"slope": slider("slope", 1.0, -3, 3, 0.1)}

            def draw(self, figure):
                axes = figure.add_subplot(xlim=(0, 1), ylim=(-3, 3))
                (self.line,) = axes.plot([0, 1], [0, 1])
                return [self.line]

            def update(self, slope):
                self.line.set_data([0, 1], [0, slope])
                return f"slope {slope:g}"

    `draw` builds the figure once and returns the artists that `update` will move. The rest of the
    figure is the background: it is drawn once and kept as pixels, until `redraw_background` is
    called. `update` takes one keyword a control; what it returns is shown above the picture.
    It needs no browser: call it in a test and look at the artists.
    """

    width, height = 960, 400  # pixels of the picture; with its controls it fits a 1280x720 slide
    alt = "Interactive figure."

    def __init__(self) -> None:
        place = _place_of_call()
        for box in list(open_boxes()):
            if place and (box.demo_class, box.demo_place) == (type(self).__name__, place):
                box.demo.close()
        self.figure = Figure(
            figsize=(self.width / DPI, self.height / DPI), dpi=DPI, layout="constrained"
        )
        self._canvas = FigureCanvasAgg(self.figure)
        self._background = None
        self._moving: list[Artist] = []
        self.controls = self.make_controls()
        self.__start = self.settings  # two underscores: subclasses call artists `_start`
        self.move_only(self.draw(self.figure) or [])

        self._readout = widgets.HTML(layout={"min_height": "1.6em"})
        fitting = {"width": f"{self.width}px", "max_width": "100%", "align_self": "flex-start"}
        self._picture = widgets.Image(format="png", layout=fitting)
        self._picture.add_class("course-demo-picture")
        reset = widgets.Button(description="Reset", tooltip="Back to where the controls started")
        reset.on_click(lambda _: self.reset())
        beside = [c for c in self.controls.values() if getattr(c, "beside_picture", False)]
        above = [control for control in self.controls.values() if control not in beside]
        row = widgets.HBox([*above, reset], layout={"flex_flow": "row wrap"})
        shown = widgets.HBox([*beside, self._picture]) if beside else self._picture
        # A widget's Image has no alt text, and with a tooltip ipywidgets 8.1.2 does not show it.
        # The course's layer over JupyterLab gives it this one.
        text = html.escape(f"{self.alt} {describe(self.figure)}")
        spoken = widgets.HTML(f"<span class='course-demo-text' style='{UNSEEN}'>{text}</span>")
        spoken.layout = {"height": "0", "margin": "0"}
        self.box = widgets.VBox([row, self._readout, shown, spoken])
        self.box.add_class("course-demo")
        self.box.demo, self.box.demo_class, self.box.demo_place = self, type(self).__name__, place
        self.render()
        for control in self.controls.values():
            control.observe(self._on_change, names="value")
        self._listening = True

    def close(self) -> None:
        """Let go of everything: figure, picture, data, controls. The demo cannot be used again.

        Running a cell anew makes a new demo and closes the one it made before: the page no longer
        shows it, but ipywidgets and IPython's `Out` would keep it, data and all, for good.
        """
        text = repr(self)
        for widget in _tree_of(self.box):
            widget.unobserve_all()
            widget.close()
        self.figure.clear()
        self.__dict__.clear()
        self._closed = text

    def make_controls(self) -> dict[str, widgets.ValueWidget]:
        """Return the controls by the name of the setting; use `slider`, `choice` and `switch`."""
        raise NotImplementedError

    def draw(self, figure: Figure) -> Iterable[Artist]:
        """Build all artists once, and return those that `update` moves."""
        raise NotImplementedError

    def update(self, **settings) -> str | None:
        """Move the artists to fit the settings; return the HTML of the readout, or None."""
        raise NotImplementedError

    @property
    def settings(self) -> dict[str, object]:
        """The value of every control, by name."""
        return {name: control.value for name, control in self.controls.items()}

    def reset(self) -> None:
        """Put all controls back to where they started."""
        self.set(**self.__start)

    def set(self, **settings) -> None:
        """Set several controls and render once. A value that is refused leaves all as they were."""
        unknown = settings.keys() - self.controls.keys()
        if unknown:
            raise ValueError(f"no control named {sorted(unknown)}, expected {list(self.controls)}")
        before = self.settings
        self._listening = False
        try:
            for name, value in settings.items():
                try:
                    self.controls[name].value = value
                except (TraitError, TypeError, ValueError) as error:
                    for other, old in before.items():
                        self.controls[other].value = old
                    raise ValueError(f"{name} cannot be set to {value!r}: {error}") from error
        finally:
            self._listening = True
        self.render()

    def move_only(self, artists: Iterable[Artist]) -> None:
        """Name the artists that move from now on; all others become the background."""
        for artist in self._moving:
            artist.set_animated(False)
        self._moving = list(artists)
        for artist in self._moving:
            artist.set_animated(True)
        self.redraw_background()

    def redraw_background(self) -> None:
        """Draw what does not move anew at the next update: limits, contours or titles changed."""
        self._background = None

    def render(self) -> None:
        """Update, draw and show: the way from settings to pixels on the page."""
        text = self.update(**self.settings)
        self._picture.value = self.png()
        if text is not None and self._readout.value != text:
            self._readout.value = text

    def png(self) -> bytes:
        """The picture as it stands, drawn from the kept background and the moving artists."""
        if self._background is None:
            self._canvas.draw()
            self.figure.set_layout_engine("none")  # the places are found; keep them
            self._background = self._canvas.copy_from_bbox(self.figure.bbox)
        else:
            self._canvas.restore_region(self._background)
        for artist in sorted(self._moving, key=lambda artist: artist.get_zorder()):
            self.figure.draw_artist(artist)
        size, pixels = self._canvas.get_width_height(), self._canvas.buffer_rgba()
        image = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1).convert("RGB")
        buffer = io.BytesIO()
        # run lengths suit flat colors: half the time of the default strategy, and no larger
        image.save(buffer, "png", compress_level=1, compress_type=zlib.Z_RLE)
        return buffer.getvalue()

    def _on_change(self, _change) -> None:
        if self._listening:
            self.render()

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The live box where there is a kernel, the picture where there is none."""
        if "_closed" in self.__dict__:
            return {"text/plain": repr(self)}
        data = self.box._repr_mimebundle_(include=include, exclude=exclude)
        data["text/plain"] = repr(self)
        data["image/png"] = base64.b64encode(self._picture.value).decode("ascii")
        return data, {"image/png": {"alt": f"{self.alt} {describe(self.figure)}"}}

    def __repr__(self) -> str:
        if "_closed" in self.__dict__:
            return f"{self._closed} (closed)"
        plain = {name: value for name, value in self.settings.items() if np.ndim(value) == 0}
        settings = ", ".join(f"{name}={value!r}" for name, value in plain.items())
        return f"{type(self).__name__}: {settings}"


def open_boxes() -> Iterable[widgets.Widget]:
    """The boxes of all demos that are open, from the registry that ipywidgets keeps."""
    return (w for w in registry.values() if getattr(w, "demo", None) is not None)


def _tree_of(widget: widgets.Widget) -> list[widgets.Widget]:
    """A widget, all that it holds, and their layouts and styles: each is registered by itself."""
    found = [widget]
    for part in (*getattr(widget, "children", ()), *_looks_of(widget)):
        found += _tree_of(part)
    return found


def _looks_of(widget: widgets.Widget) -> list[widgets.Widget]:
    parts = (getattr(widget, name, None) for name in ("layout", "style"))
    return [part for part in parts if isinstance(part, widgets.Widget)]


def _place_of_call() -> tuple[str, int] | None:
    """The place in a cell or script that asked for a demo: the same when it is run again.

    None inside of functions, which may well make several demos at one place.
    """
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(PACKAGE):
        frame = frame.f_back
    code = frame.f_code
    outside = code.co_name.startswith(("<module>", "<cell line"))
    return (code.co_filename, frame.f_lasti) if outside else None


LAYOUT = {"width": "300px"}
STYLE = {"description_width": "90px"}


def slider(
    label: str,
    value: float,
    low: float,
    high: float,
    step: float,
    *,
    log: bool = False,
    whole: bool = False,
    continuous: bool = True,
) -> widgets.ValueWidget:
    """A slider for a number. With `log`, `low` and `high` are powers of ten and `step` is one, too.

    `continuous=False` reports a value only when the mouse is let go: for updates that take long.
    """
    settings = {
        "description": label,
        "value": value,
        "min": low,
        "max": high,
        "step": step,
        "continuous_update": continuous,
        "layout": LAYOUT,
        "style": STYLE,
    }
    if log:
        return widgets.FloatLogSlider(base=10, readout_format=".2g", **settings)
    return (widgets.IntSlider if whole else widgets.FloatSlider)(**settings)


def choice(label: str, value: str, options: Iterable[str]) -> widgets.Dropdown:
    """A list to choose one word from."""
    return widgets.Dropdown(
        description=label, value=value, options=list(options), layout=LAYOUT, style=STYLE
    )


def switch(label: str, value: bool = False) -> widgets.Checkbox:
    """A box to tick."""
    return widgets.Checkbox(description=label, value=value, indent=False, layout={"width": "200px"})
