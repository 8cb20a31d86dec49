"""Systems that all tests of algebra share."""

import pytest

from tests.linalg.cases import EVERYBODY, Case


@pytest.fixture(
    scope="package", params=[(1, "lapack"), (3, "lapack"), (1, "jax"), (3, "jax")], ids=str
)
def case(request):
    """Dense and in blocks, on both solvers."""
    return Case(*request.param)


@pytest.fixture(scope="package")
def forms_of_all():
    """Quadratic forms of all coalitions of a case, found once for each number of blocks."""
    found = {}

    def compute(case):
        num_blocks = len(case.rows)
        if num_blocks not in found:
            found[num_blocks] = case.forms(EVERYBODY)
        return found[num_blocks]

    return compute
