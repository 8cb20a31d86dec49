"""ν by the authors' choices, draw by draw and block by block."""

import jax
import numpy as np
import pytest

from davinz_jax.data import Dataset
from davinz_jax.data.dataset import Validation
from davinz_jax.utility import (
    ComplexityUtility,
    DiscrepancyUtility,
    Ingredients,
    KernelOptions,
    all_coalitions,
)
from davinz_jax.utility.authors import FreshBlocksComplexity, authors_score
from tests.utility.cases import RIDGE, random_inputs, random_kernel, random_parties

KERNEL, PARTIES = random_kernel(1), random_parties()
MEMBERS = all_coalitions(8)[1::20]


@pytest.fixture(scope="module")
def ingredients():
    """Of a random kernel, and parts made of it."""
    inputs, validation = random_inputs()
    data = Dataset(inputs, np.zeros(40, int), "classification", 3, Validation(validation))
    options = KernelOptions(ridge=RIDGE)
    made = Ingredients(None, data, PARTIES, key=jax.random.key(3), kernel_options=options)
    made.computed_costs = {
        "complexity": ComplexityUtility(KERNEL, PARTIES, ridge=RIDGE),
        "discrepancy": DiscrepancyUtility(inputs, validation, PARTIES, bandwidth=2.0),
    }
    made.kernel = lambda **_: KERNEL
    return made


def fresh(num_blocks, kernel=KERNEL):
    key = jax.random.key(0)
    return FreshBlocksComplexity(kernel, PARTIES, ridge=RIDGE, num_blocks=num_blocks, key=key)


def test_every_draw_has_its_own_kappa(ingredients):
    """κ_i = mean(MMD) / mean(c_i) over the parties alone, in NumPy."""
    alone = np.eye(8, dtype=bool)
    costs, distances = (
        getattr(ingredients, part)() for part in ("complexity_cost", "discrepancy_cost")
    )
    kappas = distances.coalitions(alone)[0].mean() / costs.coalitions(alone)[0].mean(axis=1)
    score = authors_score(ingredients, kappa_family="standalone", kappa_per_run=True)
    found = score.coalitions(MEMBERS)
    np.testing.assert_allclose(found[0], -kappas[:, None] * costs.coalitions(MEMBERS)[0])
    np.testing.assert_allclose(found[1, 2], -distances.coalitions(MEMBERS)[0, 0])
    mean = authors_score(ingredients, kappa_family="standalone").describe()["kappa"]
    np.testing.assert_allclose(mean, kappas.mean())


def test_one_block_is_the_dense_kernel():
    dense = ComplexityUtility(KERNEL, PARTIES, ridge=RIDGE).coalitions(MEMBERS)
    np.testing.assert_allclose(fresh(1).coalitions(MEMBERS), dense, rtol=1e-6)


def test_blocks_of_one_row_see_the_diagonal():
    """Q = Σ r² / (K_ii + λ), whatever the draw; rows are in the kernel's own order."""
    order = np.argsort(KERNEL.rows[0])
    diagonal = KERNEL.blocks[:, 0].diagonal(axis1=1, axis2=2)[:, order]
    each = (KERNEL.residual**2).sum(-1) / (diagonal + RIDGE)
    owned = MEMBERS[:, PARTIES.indices]
    wanted = np.sqrt(each @ owned.T / owned.sum(1))
    np.testing.assert_allclose(fresh(40).coalitions(MEMBERS)[0], wanted, rtol=1e-6)


def test_a_coalition_keeps_its_draw_and_another_has_its_own(ingredients):
    blocks = fresh(3)
    once, again = (blocks.coalitions(MEMBERS) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert not np.allclose(once, fresh(1).coalitions(MEMBERS))
    score = authors_score(ingredients, kappa=2.0, fresh_blocks=3)
    assert score.coalitions(MEMBERS).shape == (2, 5, len(MEMBERS))
    nobody = np.zeros((1, 8), bool)
    np.testing.assert_array_equal(blocks.coalitions(nobody), 0)


def test_a_kernel_in_blocks_is_refused():
    with pytest.raises(ValueError, match="kernel: wanted a dense one.*got 2 blocks"):
        fresh(3, random_kernel(2))
