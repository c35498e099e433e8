"""Judges code in a process of its own, which can be ended whatever runs in it.

An answer may loop for ever in compiled code, end Python, use up the memory, or change what all of
NumPy uses: the notebook and its variables are not touched. Where a process can be copied (Linux) a
copy of the notebook's judges. Elsewhere a worker stands ready, and the answer is sent to it with
what it names.
"""

import contextlib
import faulthandler
import functools
import importlib
import inspect
import linecache
import multiprocessing
import os
import pickle
import signal
import sys
import types
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection, wait

import cloudpickle

import course_utils.exercises.judging as judging
from course_utils.exercises.attempt import guarded
from course_utils.exercises.stubs import is_open, is_stub
from course_utils.exercises.verdict import WRONG, Verdict, verdict_on

COPIES = sys.platform.startswith("linux")
# Seconds: beyond the time of the answer itself, for the reason of a failure, for a new worker.
BEYOND, REASON, START = 1.0, 10.0, 60.0
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # on Windows SIGTERM is as final
TRIED, VERDICT, READY = "tried", "verdict", "ready"


def judge(find: Callable, id: str, answer: object, copies: bool = COPIES) -> Verdict:
    """The verdict on code that answers exercise `id`; `find` gives the exercise of an id.

    Without `copies` the answer is sent to a worker, which finds the exercise by itself. What cannot
    be sent is judged here.
    """
    exercise = find(id)
    if is_open(answer) or is_stub(answer) or not callable(answer):
        return exercise.judge(answer)
    exercise.expected  # noqa: B018 - worked out once, before the process is copied
    if copies:
        return _Apart(exercise, answer, *_copy(exercise, answer)).verdict()
    packed = guarded(lambda: _packed(find, id, answer))
    if packed is None:
        return exercise.judge(answer)
    apart = _Apart(exercise, answer, *_next_worker())
    return apart.verdict() if apart.begins(packed) else exercise.judge(answer)


def get_ready() -> None:
    """Start the worker for the next answer, where there has to be one."""
    if not COPIES:
        _worker()


class _Apart:
    """An answer that is judged in another process, and what is said if that ends."""

    def __init__(self, exercise, answer, process, connection: Connection):
        self.exercise, self.answer = exercise, answer
        self.process, self.connection = process, connection

    def begins(self, packed: bytes) -> bool:
        """Whether the other process has taken the answer; it is ended if not."""
        with contextlib.suppress(TimeoutError, EOFError, OSError):
            self.connection.send_bytes(packed)
            return self._received(START)[0] == READY
        self._end()
        return False

    def verdict(self) -> Verdict:
        """What the other process says, within seconds; it is ended then."""
        found = None
        try:
            what, value = self._received(self.exercise.seconds + BEYOND)
            if what == TRIED:
                found = guarded(lambda: pickle.loads(value))
                what, value = self._received(REASON)
        except TimeoutError:
            return self._late(found)
        except (EOFError, OSError, pickle.UnpicklingError):
            return verdict_on(self.exercise, WRONG, self._ended())
        finally:
            self._end()
        if value.solved and found is not None and not judging.is_right(self.exercise, found):
            return judging.difference(self.exercise, self.answer, found)
        return value

    def _received(self, seconds):
        if not wait([self.connection, self.process.sentinel], seconds):
            raise TimeoutError
        if not self.connection.poll():
            raise EOFError
        return self.connection.recv()

    def _late(self, found):
        if found is None:
            return judging.endless(self.exercise, self.answer)
        return judging.difference(self.exercise, self.answer, found)

    def _ended(self):
        self.process.join(BEYOND)
        code = self.process.exitcode
        by = f"signal {-code}, {signal.strsignal(-code)}" if code and code < 0 else f"code {code}"
        return (
            f"Your code ended Python itself ({by}). It ran apart, so your notebook goes on. "
            "A function is left by `return`. Or is an array far too large?"
        )

    def _end(self):
        if self.process.is_alive():
            os.kill(self.process.pid, KILL)
        self.process.join()
        self.connection.close()


def _copy(exercise, answer):
    """A copy of this process that judges, and the end of the line from it."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_in_copy, args=(theirs, exercise, answer), daemon=True)
    with warnings.catch_warnings():
        # other threads of a notebook only wait for messages, and the copy needs none of them
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    theirs.close()
    return process, ours


def _in_copy(connection, exercise, answer):
    _alone()
    _judge(connection, exercise, answer)


def _alone():
    """The stop button ends the wait for this process, and its errors are told by the other one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.disable()
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    os.dup2(sys.stderr.fileno(), 2)


def _judge(connection, exercise, answer):
    verdict = judging.judge(exercise, answer, tried=lambda found: _send_tried(connection, found))
    connection.send((VERDICT, verdict))


def _send_tried(connection, found):
    packed = guarded(lambda: pickle.dumps(found))
    if packed is not None:
        connection.send((TRIED, packed))


# ------------------------------------------------------------ where processes cannot be copied


@functools.cache
def _worker():
    """The process that stands ready for one answer, and the line to it."""
    from joblib.externals.loky.backend import get_context  # only here: it takes a while

    context = get_context("loky")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _next_worker():
    """The one that stands ready; the next one begins at once."""
    ready = _worker()
    _worker.cache_clear()
    _worker()
    return ready


def _serve(connection):
    """Judge what comes."""
    _alone()
    try:
        find, id, answer, files, modules = pickle.loads(connection.recv_bytes())
    except (EOFError, OSError):  # nobody is there any more
        return
    for name, text in files.items():
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    for scope in _scopes(answer):
        for name, module in modules.items():
            scope.setdefault(name, importlib.import_module(module))
    connection.send((READY, None))
    _judge(connection, find(id), answer)


def _packed(find, id, answer):
    """The answer with its text, and the modules of the notebook, which a cure may need."""
    names = [function.__code__.co_filename for function in _functions(answer)]
    files = {name: "".join(linecache.getlines(name)) for name in names}
    modules = {
        name: value.__name__
        for scope in _scopes(answer)
        for name, value in scope.items()
        if isinstance(value, types.ModuleType) and not name.startswith("_")
    }
    return cloudpickle.dumps((find, id, answer, files, modules))


def _functions(answer):
    members = vars(answer).values() if inspect.isclass(answer) else [answer]
    return [member for member in members if isinstance(member, types.FunctionType)]


def _scopes(answer):
    return [function.__globals__ for function in _functions(answer)]
