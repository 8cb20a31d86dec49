"""What a command does when it is told to stop: SIGTERM and Ctrl-C end it the same way.

An exception that is raised in a finaliser, or while Python collects garbage, is reported and
forgotten, as it has no caller. An interruption that ends so is therefore sent again a little later.
"""

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

AGAIN_SECONDS = 0.05


def answer_signals() -> None:
    """Let SIGTERM and SIGINT end a run as Ctrl-C does, so that it tidies up.

    Only the main thread can ask for this; a run in another one is left as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if not isinstance(sys.unraisablehook, _SendAgain):
        sys.unraisablehook = _SendAgain(sys.unraisablehook)
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _SendAgain:
    """Told of exceptions without a caller, sends an interruption again and passes the others on."""

    def __init__(self, otherwise: Any) -> None:
        self._otherwise = otherwise

    def __call__(self, unraisable: Any, /) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            again = threading.Timer(AGAIN_SECONDS, _send)
            again.daemon = True
            again.start()
        else:
            self._otherwise(unraisable)


def _send() -> None:
    """Send SIGTERM to this process, unless nobody here answers it any more."""
    if signal.getsignal(signal.SIGTERM) is _interrupt:
        os.kill(os.getpid(), signal.SIGTERM)
