"""Threads of the host's BLAS: one for small matrices, as before for large ones and afterwards."""

from threadpoolctl import threadpool_info

from davinz_jax.linalg.solvers import choose_solver
from davinz_jax.linalg.threads import SINGLE_THREAD, limit_threads


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
