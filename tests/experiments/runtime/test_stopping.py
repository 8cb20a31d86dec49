"""A signal ends a run wherever it comes."""

import gc
import os
import signal
import time
import weakref

import pytest

from experiments.runtime.stopping import AGAIN_SECONDS, answer_signals

SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture(autouse=True)
def signals_are_put_back():
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    wait()


def wait() -> None:
    """Long enough for a second try, on a busy machine too; a signal ends it."""
    time.sleep(200 * AGAIN_SECONDS)


def collect() -> None:
    gc.collect()
    wait()


def finalise(number: int) -> None:
    class Finalised:
        def __del__(self):
            os.kill(os.getpid(), number)

    Finalised()
    wait()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_interrupts(number):
    answer_signals()
    with pytest.raises(KeyboardInterrupt):
        send(number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_comes_while_garbage_is_collected_is_not_lost(number, capsys):
    answer_signals()
    sent = []

    def callback(phase: str, info: dict) -> None:
        if not sent:
            sent.append(phase)
            os.kill(os.getpid(), number)

    gc.callbacks.append(callback)
    try:
        with pytest.raises(KeyboardInterrupt):
            collect()
    finally:
        gc.callbacks.remove(callback)
    assert sent
    assert not capsys.readouterr().err


def test_a_signal_in_a_finaliser_is_not_lost():
    answer_signals()
    with pytest.raises(KeyboardInterrupt):
        finalise(signal.SIGTERM)


def test_a_signal_in_a_callback_of_a_dying_object_is_not_lost():
    class Thing: ...

    def call_back(_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    answer_signals()
    circle = Thing()
    circle.self = circle  # pyright: ignore
    kept = weakref.ref(circle, call_back)
    del circle
    with pytest.raises(KeyboardInterrupt):
        collect()
    assert kept() is None


def test_a_handler_of_ones_own_for_ctrl_c_stays():
    def own(*_: object) -> None: ...

    signal.signal(signal.SIGINT, own)
    answer_signals()
    assert signal.getsignal(signal.SIGINT) is own
