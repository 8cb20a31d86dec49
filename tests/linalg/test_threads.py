"""Threads of the host's BLAS: one for small matrices, as before for large ones and afterwards."""

import pytest
from threadpoolctl import threadpool_info

from davinz_jax.linalg.solvers import choose_solver
from davinz_jax.linalg.threads import SINGLE_THREAD, limit_threads, threads_asked, use_threads


def num_threads():
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


def test_small_matrices_take_one_thread():
    before = num_threads()
    with limit_threads(100):
        assert set(num_threads()) == {1}
    assert num_threads() == before


def test_large_matrices_take_as_many_as_before():
    before = num_threads()
    with limit_threads(SINGLE_THREAD + 1):
        assert num_threads() == before


def test_the_host_solver_works_under_the_limit():
    with choose_solver("lapack").scope(10):
        assert set(num_threads()) == {1}


def test_threads_asked_for_hold_for_large_matrices():
    before = num_threads()
    with use_threads(1):
        assert set(num_threads()) == {1}
        with limit_threads(10):
            assert threads_asked() == 1
        assert set(num_threads()) == {1}
    assert num_threads() == before
    assert threads_asked() is None


def test_auto_leaves_threads_alone():
    before = num_threads()
    with use_threads(None):
        assert num_threads() == before


def test_no_thread_is_refused():
    with (
        pytest.raises(ValueError, match="threads: wanted 1 or more, or auto, got 0"),
        use_threads(0),
    ):
        pass
