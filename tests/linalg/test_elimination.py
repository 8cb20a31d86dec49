"""All coalitions from shared eliminations, against the equation anew for each."""

import numpy as np

from davinz_jax.linalg import elimination_sums, squares
from davinz_jax.utility import all_coalitions
from tests.linalg.cases import EVERYBODY, Case, collect

CLOSE = dict(rtol=1e-8, atol=1e-12)


def test_power_set_equals_the_equation(case, forms_of_all):
    found, sizes = collect(elimination_sums(case.system, EVERYBODY, squares()), 256)
    np.testing.assert_allclose(found, forms_of_all(case), **CLOSE)
    np.testing.assert_allclose(sizes[2], EVERYBODY @ case.system.group_sizes)


def test_depth_first_equals_one_batch(case, forms_of_all, monkeypatch):
    """A small budget makes several chunks of each initialisation."""
    monkeypatch.setattr("davinz_jax.linalg.elimination.NODE_BUDGET", 500)
    chunks = list(elimination_sums(case.system, EVERYBODY, squares()))
    assert len(chunks) > 5
    np.testing.assert_allclose(collect(chunks, 256)[0], forms_of_all(case), **CLOSE)


def test_eigenvalues_near_the_ridge_stay_exact():
    """Kernels of rank 6 on 40 rows, scaled to a condition of 1e6 and more."""
    case = Case(1, has_weights=False)
    case.blocks *= 100.0
    # float32 rounding alone puts eigenvalues of rank-deficient kernels near -1e-5·trace
    case.blocks[:, 0] += np.eye(40, dtype=np.float32)
    members = all_coalitions(8)[1::8]
    found, _ = collect(
        elimination_sums(case.make_system(case.system.solver), members, squares()), len(members)
    )
    np.testing.assert_allclose(found, case.forms(members), rtol=1e-8)
