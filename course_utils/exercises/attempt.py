"""Runs a student's code once: with a time limit, and whatever it raises is caught and kept.

Nothing that happens in there can stop or hang the notebook, except the student's own stop button.
"""

import contextlib
import copy
import ctypes
import gc
import io
import itertools
import os
import signal
import threading
import time
import types
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

try:
    import resource
except ImportError:  # Windows
    resource = None

SECONDS, MEGABYTES = 0.8, 2000
SIZE_FILE = "/proc/self/statm"
AGAIN_SECONDS = 0.01
PRINTED_CHARACTERS = 600
MOST_DEPTH, MOST_ITEMS = 20, 1_000_000


class TimeIsUp(BaseException):
    """Raised inside code that runs for too long; no `except Exception` of the student stops it."""


@dataclass(frozen=True)
class Outcome:
    """What one call gave: a value, or what it raised; and what it printed."""

    value: object = None
    raised: BaseException | None = None
    printed: str = ""

    @property
    def error(self) -> type | None:
        """The type of what was raised."""
        return None if self.raised is None else type(self.raised)

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


def run(
    function: Callable[[], object],
    seconds: float = SECONDS,
    *,
    frozen: bool = True,
) -> Outcome:
    """Call `function` and say what came of it, after `seconds` at the latest.

    The limit cuts anything that runs Python code; one call into compiled code is cut at its end.
    Its value is `frozen`, unless told otherwise: arrays are copied, iterators read to their end.
    """
    catch, value = _Catch(), None
    with silence() as output, catch:
        value = _limited((lambda: freeze(function())) if frozen else function, seconds)
    return Outcome(value, catch.error, output.text)


def run_bare(function: Callable[[], object], seconds: float | None) -> Outcome:
    """The same within a `with silence()` block, for many short calls; what is printed is lost.

    Without `seconds` there is no limit, for code without loops.
    """
    catch, value = _Catch(), None
    with catch:
        value = (
            freeze(function()) if seconds is None else _limited(lambda: freeze(function()), seconds)
        )
    return Outcome(value, catch.error)


def guarded(look: Callable[[], object], seconds: float = 15.0) -> object:
    """What `look` gives, or None if it stops with an error.

    For the search for a reason: values of an answer may do anything when they are compared, and a
    reason that is not found is better than an error that is not the student's.
    """
    return run(look, seconds, frozen=False).value


@contextlib.contextmanager
def silence():
    """A `with` block in which printing is caught, and nothing warns; gives what was printed."""
    output = _ShortOutput()
    with (
        contextlib.redirect_stdout(output),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield output


@contextlib.contextmanager
def own_garbage():
    """A `with` block in which only objects that are made there are collected as garbage: to go
    through all that a notebook holds takes seconds."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def memory(megabytes: int = MEGABYTES):
    """A `with` block in which no more than this can be taken, where there are such limits."""
    if resource is None or not os.path.exists(SIZE_FILE):
        yield
        return
    with open(SIZE_FILE) as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = taken + megabytes * 2**20
    if soft != resource.RLIM_INFINITY:
        most = min(most, soft)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def freeze(value: object, depth: int = MOST_DEPTH) -> object:
    """A copy that no later call can change: arrays copied, iterators and generators as lists.

    Raises ValueError for what holds itself, is nested more than 20 deep, or never ends.
    """
    if depth == 0:
        raise ValueError("a list that holds itself, or lists within lists without end")
    if isinstance(value, dict):
        return {key: freeze(part, depth - 1) for key, part in value.items()}
    if isinstance(value, tuple):
        parts = [freeze(part, depth - 1) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, (list, types.GeneratorType, zip, map, filter, enumerate, range)):
        parts = [freeze(part, depth - 1) for part in itertools.islice(value, MOST_ITEMS + 1)]
        if len(parts) > MOST_ITEMS:
            raise ValueError("more than a million values, one after the other")
        return parts
    if isinstance(value, np.ndarray):
        return np.array(value)
    if isinstance(value, (float, int, str, bool, np.generic, type(None))):
        return value
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
