"""Robust volume, by hand and by its properties."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.baselines import log_robust_volume, robust_volume
from davinz_jax.baselines.robust_volume import standardise
from davinz_jax.data.dataset import Parties


def test_by_hand():
    """Cubes {0.01, 0.03} and {1.05}: means 0.02 and 1.05, counts 2 and 1, α = 1/20.

    det = 0.02² + 1.05², and (1 - α³)(1 - α²)/(1 - α)² = (1 + α + α²)(1 + α).
    """
    alpha = 1 / 20
    wanted = np.log(0.02**2 + 1.05**2) + np.log((1 + alpha + alpha**2) * (1 + alpha))
    found = log_robust_volume(np.array([[0.01], [1.05], [0.03]]))
    assert found == pytest.approx(wanted, rel=1e-12)


def test_cubes_from_the_least_value_by_hand():
    """Rows 0.05, 0.12 and 1: from 0 in three cubes; from 0.05 the first two share one, mean 0.085.

    Moved by any amount, such cubes hold the same rows, and those from 0 need not.
    """
    rows = np.array([[0.05], [0.12], [1.0]])
    alpha = 1 / 20
    wanted = np.log(0.085**2 + 1) + np.log((1 + alpha + alpha**2) * (1 + alpha))
    assert log_robust_volume(rows, lattice="least") == pytest.approx(wanted, rel=1e-12)
    apart = np.log(0.05**2 + 0.12**2 + 1) + 3 * np.log(1 + 1 / 30)
    assert log_robust_volume(rows) == pytest.approx(apart, rel=1e-12)


def test_replicas_add_little():
    rows = np.random.default_rng(0).normal(size=(40, 3))
    once = log_robust_volume(rows)
    many = log_robust_volume(np.tile(rows, (50, 1)))
    assert once <= many < once + 0.01 * len(rows)


def test_columns_without_spread_are_dropped():
    features = np.column_stack([np.arange(4.0), np.full(4, 3.0)])
    found = standardise(features)
    assert found.shape == (4, 1)
    np.testing.assert_allclose([found.mean(), found.std()], [0, 1], atol=1e-12)


def test_values_of_parties_equal_slow_twin(regression, make_context):
    """The last layer of a linear network sees the inputs themselves."""
    data, _, variables = regression
    parties = Parties(np.repeat([0, 1, 2], 10), ("a", "b", "c"))
    stretched = replace(data, inputs=data.inputs * np.array([1, 5], np.float32))
    found = robust_volume(make_context(stretched, parties, variables, trained_variables=variables))
    features = stretched.inputs.astype(np.float64)
    rows = (features - features.mean(0)) / features.std(0)
    whole = log_robust_volume(rows)
    wanted = [whole - log_robust_volume(rows[parties.indices != j]) for j in range(3)]
    np.testing.assert_allclose(found.values, wanted)


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match="features: wanted rows that span 3 dimensions"):
        log_robust_volume(np.eye(3)[:2])


@pytest.mark.parametrize("measure", ["raw", "plain"])
def test_volumes_themselves_as_shares_of_the_whole(regression, make_context, measure):
    data, _, variables = regression
    parties = Parties(np.repeat([0, 1, 2], 10), ("a", "b", "c"))
    found = robust_volume(
        make_context(data, parties, variables, trained_variables=variables), measure=measure
    )
    rows = standardise(data.inputs.astype(np.float64))

    def volume(rows):
        plain = np.linalg.det(rows.T @ rows)
        return plain if measure == "plain" else np.exp(log_robust_volume(rows))

    wanted = [1 - volume(rows[parties.indices != j]) / volume(rows) for j in range(3)]
    np.testing.assert_allclose(found.values, wanted, rtol=1e-6, atol=1e-9)
