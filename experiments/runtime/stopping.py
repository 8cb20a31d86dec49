"""What a command does when it is told to stop: SIGTERM and Ctrl-C end it the same way.

An exception that is raised while Python collects garbage is printed and forgotten, as the collector
has no caller. A signal that comes at such a moment is therefore sent again a little later.
"""

import gc
import os
import signal
import threading
from types import FrameType
from typing import Any

AGAIN_SECONDS = 0.05
NO_CALLER = ("weakref", "_weakrefset")
"""Modules whose callbacks are called as objects die."""


def answer_signals() -> None:
    """Let SIGTERM and SIGINT end a run as Ctrl-C does, so that it tidies up.

    Only the main thread can ask for this; a run in another one is left as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if _watch_collector not in gc.callbacks:
        gc.callbacks.append(_watch_collector)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _would_be_lost(frame):
        again = threading.Timer(AGAIN_SECONDS, os.kill, (os.getpid(), number))
        again.daemon = True
        again.start()
        return
    raise KeyboardInterrupt


def _would_be_lost(frame: FrameType | None) -> bool:
    """Whether an exception raised here ends in the collector of garbage, or in a finaliser."""
    if _collecting.is_set():
        return True
    callbacks = {_code(callback) for callback in gc.callbacks}
    while frame is not None:
        is_finaliser = frame.f_code.co_name == "__del__"
        if (
            is_finaliser
            or frame.f_code in callbacks
            or frame.f_globals.get("__name__") in NO_CALLER
        ):
            return True
        frame = frame.f_back
    return False


_collecting = threading.Event()


def _watch_collector(phase: str, _: dict[str, Any]) -> None:
    """Note whether garbage is being collected; callbacks of dying objects run meanwhile."""
    if phase == "start":
        _collecting.set()
    else:
        _collecting.clear()


def _code(callback: Any) -> Any:
    return getattr(callback, "__code__", None)
