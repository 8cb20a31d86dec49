"""Pieces of work over threads: the same results in the same order, and none begun for nobody."""

import threading

import jax
import jax.numpy as jnp
import pytest

from davinz_jax.training.mapping import default_num_threads, map_ahead


@pytest.mark.parametrize("num_threads", [1, 2, 5])
def test_order_is_kept_whoever_is_first(num_threads):
    """With threads, the first piece ends after the second."""
    second = threading.Event()

    def piece(number):
        if number == 0 and num_threads > 1:
            assert second.wait(timeout=5)
        if number == 1:
            second.set()
        return number**2

    assert list(map_ahead(piece, range(4), num_threads=num_threads)) == [0, 1, 4, 9]


def test_threads_have_the_callers_bits():
    def piece(_):
        return jnp.ones(1).dtype, threading.current_thread().name

    with jax.enable_x64(True):
        found = list(map_ahead(piece, range(2), num_threads=2))
    assert {dtype for dtype, _ in found} == {jnp.dtype("float64")}
    assert threading.current_thread().name not in {name for _, name in found}


def test_who_stops_asking_leaves_little_begun():
    begun = []
    results = map_ahead(begun.append, range(50), num_threads=2)
    next(results)
    results.close()
    assert len(begun) <= 4


def test_an_error_in_a_piece_is_the_callers():
    with pytest.raises(ZeroDivisionError):
        list(map_ahead(lambda x: 1 / x, [1, 0, 1], num_threads=2))


def test_every_core_at_hand_is_used():
    assert default_num_threads() >= 1
