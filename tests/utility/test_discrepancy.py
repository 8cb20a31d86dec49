"""The out-of-domain part, against the equation anew for each coalition."""

import pickle

import jax
import numpy as np
import pytest

from davinz_jax.semivalues import shapley
from davinz_jax.types import Utility
from davinz_jax.utility import DiscrepancyUtility, discrepancy
from davinz_jax.utility.resampling import draw_resamples
from tests import reference
from tests.utility.cases import check_answers, random_inputs, random_parties, row_parties


def equation(inputs, validation_inputs, parties, weights, bandwidth):
    """The equation's MMD of coalitions, (1, 1, c)."""

    def compute(members):
        rows = members[:, parties.indices]
        return reference.discrepancies(
            inputs, validation_inputs, rows, weights, bandwidth=bandwidth
        )[None, None]

    return compute


@pytest.mark.parametrize("has_multiplicity", [False, True])
def test_answers_equal_the_equation(has_multiplicity):
    (inputs, validation_inputs), parties = random_inputs(), random_parties()
    weights = np.random.default_rng(8).integers(0, 4, 40) if has_multiplicity else None
    utility = DiscrepancyUtility(
        inputs, validation_inputs, parties, bandwidth=2, multiplicity=weights
    )
    weights = np.ones(40) if weights is None else weights
    check_answers(utility, equation(inputs, validation_inputs, parties, weights, 2.0), 8)


@pytest.mark.parametrize("is_shuffled", [False, True])
def test_rows_as_players_equal_the_equation(is_shuffled, monkeypatch):
    monkeypatch.setattr(discrepancy, "ROWS_PER_STEP", 5)
    (inputs, validation_inputs), parties = random_inputs(12), row_parties(12)
    if is_shuffled:
        parties = type(parties)(np.random.default_rng(0).permutation(12), parties.names)
    weights = np.arange(1.0, 13.0)
    utility = DiscrepancyUtility(
        inputs, validation_inputs, parties, bandwidth=2.0, multiplicity=weights
    )
    slow = equation(inputs, validation_inputs, parties, weights, 2.0)
    members = np.random.default_rng(0).random((20, 12)) < 0.5
    check_answers(utility, slow, 12, members=members)


def test_rows_in_float32_stay_close(monkeypatch):
    monkeypatch.setattr(discrepancy, "DOUBLE_LIMIT", 5)
    (inputs, validation_inputs), parties = random_inputs(12), row_parties(12)
    utility = DiscrepancyUtility(inputs, validation_inputs, parties, bandwidth=2.0)
    slow = equation(inputs, validation_inputs, parties, np.ones(12), 2.0)
    members = np.random.default_rng(0).random((20, 12)) < 0.5
    check_answers(utility, slow, 12, members=members, rtol=1e-5)


def test_leave_one_out_of_rows_needs_no_matrix(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(discrepancy, "rbf_matrix", refuse)
    utility = DiscrepancyUtility(*random_inputs(12), row_parties(12), bandwidth=2.0)
    assert utility.leave_one_out().shape == (1, 1, 12)


def test_features_of_each_initialisation_have_their_own_bandwidth():
    pairs, parties = [random_inputs(seed=s) for s in (1, 2)], random_parties()
    both = DiscrepancyUtility.of_features(
        np.stack([x for x, _ in pairs]),
        np.stack([y for _, y in pairs]),
        parties,
        bandwidths=[2.0, (1.0, 3.0)],
    )
    alone = [
        DiscrepancyUtility(*pair, parties, bandwidth=b)
        for pair, b in zip(pairs, [2.0, (1.0, 3.0)], strict=True)
    ]
    expected = np.concatenate([each.power_set() for each in alone], axis=1)
    np.testing.assert_allclose(both.power_set(), expected, rtol=1e-14)
    assert both.num_initialisations == 2
    assert both.describe()["bandwidth"] == [[2.0], [1.0, 3.0]]


def test_is_a_utility():
    utility = DiscrepancyUtility(*random_inputs(), random_parties(), bandwidth=2.0)
    assert isinstance(utility, Utility)
    assert utility.player_sizes.sum() == 40


def test_bad_input_is_refused():
    (inputs, validation_inputs), parties = random_inputs(), random_parties()
    with pytest.raises(ValueError, match="bandwidth: wanted finite numbers > 0"):
        DiscrepancyUtility(inputs, validation_inputs, parties, bandwidth=-1.0)
    with pytest.raises(ValueError, match="at least one validation row"):
        DiscrepancyUtility(inputs, validation_inputs[:0], parties, bandwidth=1.0)
    with pytest.raises(ValueError, match="one party for each of 40 rows"):
        DiscrepancyUtility(inputs, validation_inputs, random_parties(41), bandwidth=1.0)
    with pytest.raises(ValueError, match="wanted at least two, got 1"):
        DiscrepancyUtility(inputs, validation_inputs, random_parties(40, 1), bandwidth=1.0)
    with pytest.raises(ValueError, match="bandwidths: wanted one for each of 2"):
        DiscrepancyUtility.of_features(
            np.stack([inputs] * 2), np.stack([validation_inputs] * 2), parties, bandwidths=[1.0]
        )


def test_answers_under_resamples_are_of_the_rows_drawn_without_pairs_of_themselves():
    """MMD² of the weighted rows, pairs of a row with itself left out, the rest over (1 − 1/m)²."""
    (inputs, validation_inputs), parties = random_inputs(), random_parties()
    resamples = draw_resamples(7, 3, key=jax.random.key(0))
    assert resamples is not None
    utility = DiscrepancyUtility(
        inputs, validation_inputs, parties, bandwidth=2.0, resamples=resamples
    ).with_resamples()

    def compute(members):
        first = equation(inputs, validation_inputs, parties, np.ones(40), 2.0)(members)
        return np.concatenate([first, _off_diagonal(members)[None]], axis=1)

    def _off_diagonal(members):
        rows = members[:, parties.indices] / np.maximum(members @ parties.sizes, 1)[:, None]
        within, across, own = (
            np.exp(-np.square(x[:, None] - y[None]).sum(-1) / 8)
            for x, y in (
                (inputs, inputs),
                (inputs, validation_inputs),
                (validation_inputs, validation_inputs),
            )
        )
        answers = []
        for weights in resamples.weights / 7:
            pairs = weights @ (own - np.eye(7)) @ weights / (1 - 1 / 7) ** 2
            squared = ((rows @ within) * rows).sum(1) - 2 * rows @ across @ weights + pairs
            answers.append(np.sqrt(np.maximum(squared, 0)))
        return np.stack(answers)

    check_answers(utility, compute, 8)
    both = 2 * utility
    np.testing.assert_allclose(both.grand(), 2 * utility.grand())


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_intervals_cover_the_value_on_the_pool(shift):
    """Eighty validation sets of 40 rows from a pool of 1,500, biased MMD and all."""
    rng, parties = np.random.default_rng(1), random_parties(60, 5)
    inputs = rng.normal(size=(60, 4)) + shift * np.eye(5)[parties.indices][:, :4]
    pool, inside = rng.normal(size=(1500, 4)), []
    truth = shapley(DiscrepancyUtility(inputs, pool, parties, bandwidth=2.0)).values
    for draw in range(80):
        rows = rng.choice(1500, 40, replace=False)
        resamples = draw_resamples(40, 60, key=jax.random.key(draw))
        utility = DiscrepancyUtility(
            inputs, pool[rows], parties, bandwidth=2.0, resamples=resamples
        )
        limits = shapley(utility).intervals()
        inside.append((limits[:, 0] <= truth) & (truth <= limits[:, 1]))
    assert np.mean(inside) > 0.92


def test_another_process_gets_it_without_whom_progress_is_told():
    (inputs, validation_inputs), parties = random_inputs(12), row_parties(12)
    told = []
    utility = DiscrepancyUtility(
        inputs, validation_inputs, parties, bandwidth=2, progress=lambda *said: told.append(said)
    )
    sent = pickle.loads(pickle.dumps(utility))
    np.testing.assert_array_equal(sent.prefixes(np.arange(12)), utility.prefixes(np.arange(12)))
