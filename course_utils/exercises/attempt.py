"""Runs a student's code once: with a time limit, and whatever it raises is caught and reported.

Nothing that happens in there can stop or hang the notebook, except the student's own stop button.
"""

import contextlib
import copy
import ctypes
import io
import re
import signal
import sysconfig
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SECONDS = 2.0
AGAIN_SECONDS = 0.01
PRINTED_CHARACTERS = 600
# What NumPy says of a matrix product whose shapes do not fit, and the same in words of the course.
INNER_SIZES = re.compile(r"Input operand \d has a mismatch in its core dimension.*signature \S+")
LIBRARIES = (
    str(Path(__file__).parents[1]),
    str(Path(np.__file__).parent),
    sysconfig.get_path("stdlib"),
)


class TimeIsUp(BaseException):
    """Raised inside code that runs for too long; no `except Exception` of the student stops it."""


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value, or an error and how to tell the student about it."""

    value: object = None
    error: type | None = None
    report: str = ""
    printed: str = ""

    @property
    def timed_out(self) -> bool:
        """Whether the call was cut because it ran for too long."""
        return self.error is TimeIsUp


class _Catch:
    """A `with` block whose error is kept for the report; only the stop button gets through."""

    def __init__(self):
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.error = error
        return kind is not None and issubclass(kind, (Exception, SystemExit, TimeIsUp))


class _ShortOutput(io.TextIOBase):
    """Keeps the first few hundred characters that are written to it."""

    def __init__(self):
        self.text = ""

    def writable(self):
        return True

    def write(self, text):
        self.text += text[: max(0, PRINTED_CHARACTERS - len(self.text))]
        return len(text)


def run(function: Callable[[], object], seconds: float = SECONDS) -> Outcome:
    """Call `function` and say what came of it, after `seconds` at the latest.

    The limit cuts anything that runs Python code; one call into compiled code is cut at its end.
    Its value is frozen: arrays are copied, iterators read to their end.
    """
    output, catch, value = _ShortOutput(), _Catch(), None
    with (
        contextlib.redirect_stdout(output),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        catch,
    ):
        warnings.simplefilter("ignore")
        value = _limited(lambda: freeze(function()), seconds)
    if catch.error is None:
        return Outcome(value, printed=output.text)
    return Outcome(None, type(catch.error), _describe(catch.error, seconds), output.text)


def freeze(value: object) -> object:
    """A copy that no later call can change: arrays copied, iterators and generators as lists."""
    if isinstance(value, dict):
        return {key: freeze(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(freeze(part) for part in value)
    if isinstance(value, (list, types.GeneratorType, zip, map, filter, enumerate, range)):
        return [freeze(part) for part in value]
    if isinstance(value, np.ndarray):
        return np.array(value)
    return copy.deepcopy(value)


def _limited(function, seconds):
    can_signal = hasattr(signal, "setitimer")
    if can_signal and threading.current_thread() is threading.main_thread():
        return _limited_by_signal(function, seconds)
    return _limited_by_thread(function, seconds)


def _limited_by_signal(function, seconds):
    def ring(number, frame):
        # Never in this file: there the student's code has already ended.
        if frame is not None and frame.f_code.co_filename != __file__:
            raise TimeIsUp

    start = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    # It rings again and again: a bare `except:` may swallow one, but not all of them.
    waiting, interval = signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_SECONDS)
    try:
        return function()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if waiting:  # somebody else's alarm goes on
            left = waiting - (time.monotonic() - start)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)


def _limited_by_thread(function, seconds):
    """The same where there are no alarms (Windows), or outside of the main thread."""
    target = ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    done, lock = threading.Event(), threading.Lock()

    def ring():
        wait = seconds
        while not done.wait(wait):
            with lock:
                if not done.is_set():
                    interrupt(target, ctypes.py_object(TimeIsUp))
            wait = AGAIN_SECONDS

    clock = threading.Thread(target=ring, daemon=True)
    clock.start()
    try:
        return function()
    finally:
        done.set()
        with lock:
            interrupt(target, None)
        clock.join()


def _describe(error, seconds):
    if isinstance(error, TimeIsUp):
        where = _where(error)
        return f"It did not come to an end in time{where}. Does a loop ever stop?"
    if isinstance(error, SystemExit):
        return f"It wanted to leave Python{_where(error)}. A function ends with `return`."
    words = str(error).strip().splitlines()
    message = f": {INNER_SIZES.sub('the inner sizes differ', words[0])}" if words else ""
    return f"It stopped with `{type(error).__name__}{message}`{_where(error)}."


def _where(error):
    """ " in line 3, `dW = X @ dZ`": the innermost line that the student wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(LIBRARIES)]
    if not own:
        return ""
    line = f", `{own[-1].line}`" if own[-1].line else ""
    return f" in line {own[-1].lineno}{line}"
