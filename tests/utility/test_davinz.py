"""ν and the calibration of κ."""

import jax
import numpy as np
import pytest

from davinz_jax import equations
from davinz_jax.data import Parties
from davinz_jax.semivalues import leave_one_out
from davinz_jax.types import Utility
from davinz_jax.utility import (
    ComplexityUtility,
    DiscrepancyUtility,
    all_coalitions,
    calibrate_kappa,
    davinz_score,
)
from tests.utility.cases import RIDGE, random_inputs, random_kernel, random_parties


@pytest.fixture(scope="module")
def parts():
    parties = random_parties()
    complexity = ComplexityUtility(random_kernel(3), parties, ridge=RIDGE)
    return complexity, DiscrepancyUtility(*random_inputs(), parties, bandwidth=2.0)


@pytest.fixture(scope="module")
def utility(parts):
    return davinz_score(*parts, kappa=2)


def test_terms_are_signed_contributions(parts, utility):
    complexity, discrepancy = parts
    found = utility.power_set()
    assert found.shape == (2, 5, 256)
    np.testing.assert_array_equal(found[0], -2 * complexity.power_set()[0])
    for i in range(5):
        np.testing.assert_array_equal(found[1, i], -discrepancy.power_set()[0, 0])


def test_score_is_the_equation_of_its_parts(parts, utility):
    """ν = −κ·complexity − MMD, for every coalition and initialisation."""
    complexity, discrepancy = (part.power_set()[0] for part in parts)
    wanted = equations.nu(complexity, np.broadcast_to(discrepancy, complexity.shape), kappa=2.0)
    np.testing.assert_allclose(utility.power_set().sum(0), wanted, rtol=1e-14)


def test_answers_agree_with_the_power_set(utility):
    power_set = utility.power_set()
    close = dict(rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(utility.coalitions(all_coalitions(8)), power_set, **close)
    np.testing.assert_allclose(utility.grand(), power_set[..., -1], **close)
    index = np.concatenate([[0], np.cumsum(2 ** np.arange(8))])
    np.testing.assert_allclose(utility.prefixes(np.arange(8)), power_set[..., index], **close)
    without = power_set[..., 255 - 2 ** np.arange(8)]
    np.testing.assert_allclose(utility.leave_one_out(), power_set[..., -1:] - without, **close)


def test_empty_coalition_has_the_embedding_zero(utility):
    """ν(∅) = −sqrt(mean of the validation set's kernel matrix)."""
    _, validation_inputs = random_inputs()
    kernel = np.exp(-((validation_inputs[:, None] - validation_inputs[None]) ** 2).sum(-1) / 8)
    empty = utility.power_set()[..., 0]
    np.testing.assert_allclose(empty, [[0.0] * 5, [-np.sqrt(kernel.mean())] * 5], rtol=1e-12)


@pytest.mark.parametrize("family", ["leave_one_out", "standalone"])
def test_kappa_is_the_ratio_of_means(parts, family):
    """Eqn (4): a ratio for each initialisation, then their mean."""
    alone = np.eye(8, dtype=bool)
    all_but = np.concatenate([np.ones((1, 8), bool), ~alone])
    members = alone if family == "standalone" else all_but
    costs, distances = (part.coalitions(members)[0] for part in parts)
    with jax.enable_x64(True):
        expected = float(equations.kappa(costs, np.broadcast_to(distances, costs.shape)))
    assert calibrate_kappa(*parts, family=family) == pytest.approx(expected, rel=1e-10)
    described = davinz_score(*parts, family=family).describe()
    assert described["kappa"] == pytest.approx(expected, rel=1e-10)
    assert described["kappa_source"] == family


def test_random_family_is_reproducible(parts, key):
    found = [calibrate_kappa(*parts, family="random", num_samples=6, key=key) for _ in range(2)]
    assert found[0] == found[1]
    with pytest.raises(ValueError, match="key: wanted a key"):
        calibrate_kappa(*parts, family="random")
    with pytest.raises(ValueError, match="num_samples: wanted at least 1"):
        calibrate_kappa(*parts, family="random", num_samples=0, key=key)


def test_describes_itself(utility):
    assert isinstance(utility, Utility)
    description = utility.describe()
    assert (description["kappa"], description["kappa_source"]) == (2.0, "given")
    assert description["weights"] == {"complexity": -2.0, "discrepancy": -1.0}
    assert description["complexity"]["ridge"] == RIDGE
    assert description["discrepancy"]["bandwidth"] == [[2.0]]


@pytest.mark.parametrize("kappa", [0, -1.0, np.nan, np.inf])
def test_bad_kappa_is_refused(parts, kappa):
    with pytest.raises(ValueError, match="kappa: wanted a finite number > 0"):
        davinz_score(*parts, kappa=kappa)


def test_parts_on_other_players_are_refused(parts):
    other = DiscrepancyUtility(*random_inputs(), random_parties(40, 5), bandwidth=2.0)
    with pytest.raises(ValueError, match="build both on the same parties"):
        davinz_score(parts[0], other, kappa=1.0)
    inputs, validation_inputs = random_inputs()
    features = DiscrepancyUtility.of_features(
        np.stack([inputs] * 2),
        np.stack([validation_inputs] * 2),
        random_parties(),
        bandwidths=[2.0] * 2,
    )
    with pytest.raises(ValueError, match="wanted 1 or 5 initialisations, got 2"):
        davinz_score(parts[0], features, kappa=1.0)


def test_residuals_of_zero_leave_no_kappa(parts):
    kernel = random_kernel(3)
    kernel.residual[:] = 0.0
    complexity = ComplexityUtility(kernel, random_parties(), ridge=RIDGE)
    with pytest.raises(ValueError, match="complexity: wanted a positive mean"):
        calibrate_kappa(complexity, parts[1])


def test_values_of_rows_know_their_rows():
    rows = Parties(np.arange(40)[::-1].copy(), tuple(f"row_{row}" for row in range(40)))
    discrepancy = DiscrepancyUtility(*random_inputs(), rows, bandwidth=2.0)
    utility = davinz_score(
        ComplexityUtility(random_kernel(3), rows, ridge=RIDGE), discrepancy, kappa=1
    )
    np.testing.assert_array_equal(leave_one_out(utility).to_frame()["row"], np.arange(40)[::-1])
