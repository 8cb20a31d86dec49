"""The result type: errors, ranks, tables, files and sums."""

import numpy as np
import pytest
from scipy.stats import t as student

from davinz_jax.data.dataset import Parties
from davinz_jax.semivalues import Sampling, Valuation, games, leave_one_out, shapley
from davinz_jax.semivalues.intervals import ResampledValues
from davinz_jax.semivalues.valuation import value_utility
from tests.semivalues.cases import sampling_variance


def make(contributions, **options):
    array = np.asarray(contributions, dtype=float)
    terms, _, num = array.shape
    return Valuation(
        method="test",
        players=tuple("abcdefgh"[:num]),
        num_rows=np.ones(num, dtype=int),
        terms=("one", "two")[:terms],
        contributions=array,
        **options,
    )


@pytest.fixture(scope="module")
def sampled():
    """Sampled values of a game with two terms and three initialisations."""
    import jax

    runways = [games.airport(np.arange(1.0, 9.0) * scale) for scale in (1.0, 1.5, 0.7)]
    game = games.combine({"cost": runways, "pairs": [games.glove(4, 4)] * 3})
    return shapley(
        game, sampling=Sampling(method="permutation", num_samples=200), key=jax.random.key(1)
    )


def test_values_by_hand():
    """Terms add, initialisations average: (1 + 10 + 3 + 20)/2 = 17."""
    valuation = make([[[1.0], [3.0]], [[10.0], [20.0]]])
    assert valuation.values == [17.0]
    np.testing.assert_array_equal(valuation.term_values, [[2.0], [15.0]])
    np.testing.assert_allclose(valuation.stderr_initialisation, [6.0])  # totals 11 and 23
    np.testing.assert_allclose(valuation.stderr, [6.0])
    width = student.ppf(0.975, 1) * 6
    np.testing.assert_allclose(valuation.intervals(), [[17 - width, 17 + width]])


def test_samples_and_initialisations_by_hand():
    """Two groups of one sample, 0 and 2, in each of two initialisations that differ by 4."""
    replicates = np.array([[[[0.0], [4.0]]], [[[2.0], [6.0]]]])
    valuation = make([[[1.0], [5.0]]], replicates=replicates, replicate_samples=np.ones(2, int))
    assert valuation.stderr_sampling == [1.0]
    assert valuation.stderr_initialisation == [2.0]
    np.testing.assert_allclose(valuation.stderr, [5**0.5])
    np.testing.assert_allclose(sampling_variance(valuation), [[[1.0], [1.0]]])


def test_one_initialisation_says_nothing_of_its_error():
    valuation = make([[[3.0, 1.0, 1.0, 0.0]]])
    assert np.isnan(valuation.stderr).all()
    assert np.isnan(valuation.intervals()).all()
    assert list(valuation.rank) == [1, 2, 2, 4]
    np.testing.assert_array_equal(valuation.rank_interval(), [[1, 1], [2, 3], [2, 3], [4, 4]])
    assert valuation.not_separable() == (("b", "c"),)


def test_ranks_use_paired_differences():
    """All values move together by 10, the order of a and b never changes, that of c does."""
    shift = np.array([[0.0], [10.0], [20.0]])
    valuation = make([shift + [[1.0, 0.0, 0.5], [1.0, 0.0, 0.6], [1.0, 0.0, -3.0]]])
    assert ("a", "b") not in valuation.not_separable()
    assert set(valuation.not_separable()) == {("a", "c"), ("b", "c")}
    np.testing.assert_array_equal(valuation.rank_interval(), [[1, 2], [2, 3], [1, 3]])


def test_rank_intervals_agree_with_pairs(sampled):
    separable, values = sampled.separable(), sampled.values
    beaten = (separable & (values[None, :] > values[:, None])).sum(axis=1)
    np.testing.assert_array_equal(sampled.rank_interval()[:, 0], 1 + beaten)
    assert (sampled.rank_interval()[:, 0] <= sampled.rank).all()
    assert (sampled.rank <= sampled.rank_interval()[:, 1]).all()


def test_frame(sampled):
    frame = sampled.to_frame()
    assert list(frame.columns[:5]) == ["player", "value", "stderr", "cost", "pairs"]
    np.testing.assert_allclose(frame["cost"] + frame["pairs"], frame["value"])
    assert (frame["low"] < frame["value"]).all()
    assert {"rank", "rank_low", "rank_high", "num_rows"} <= set(frame.columns)


def test_saved_and_loaded(sampled, tmp_path):
    sampled.save(tmp_path / "values.npz")
    loaded = Valuation.load(tmp_path / "values.npz")
    for name in ("contributions", "replicates", "replicate_samples", "num_rows"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(sampled, name))
    for name in ("effective", "deviation", "num_samples"):
        kept, original = getattr(loaded.evidence, name), getattr(sampled.evidence, name)
        np.testing.assert_array_equal(kept, original)
    for name in ("method", "players", "terms", "num_samples", "seconds", "description"):
        assert getattr(loaded, name) == getattr(sampled, name)


def test_rows_are_a_field_and_survive_saving(tmp_path):
    valuation = make([[[3.0, 1.0, 2.0]]], rows=np.array([7, 2, 5]))
    valuation.save(tmp_path / "values.npz")
    loaded = Valuation.load(tmp_path / "values.npz")
    assert loaded.to_frame()["row"].tolist() == [7, 2, 5]
    assert loaded.sum_by_party(Parties(np.array([0, 1, 1]), ("x", "y"))).rows is None
    assert "row" not in make([[[3.0, 1.0]]]).to_frame()


def test_the_draw_of_the_validation_set_is_a_source_of_its_own(tmp_path):
    """Deviations ±1 and ±2 with a floor of 3: variances 1 + 3 and 4 + 3; the difference 1 + 3."""
    deviations = np.array([[1.0, 2.0], [-1.0, -2.0]])
    valuation = make([[[5.0, 9.0]]], resampled=ResampledValues(deviations, 10.0, 3.0))
    np.testing.assert_allclose(valuation.stderr_validation, [2, 7**0.5])
    np.testing.assert_allclose(valuation.stderr, [2, 7**0.5])
    width = student.ppf(0.975, 10) * 2
    np.testing.assert_allclose(valuation.intervals()[0], [5 - width, 5 + width])
    assert valuation.not_separable() == (("a", "b"),)  # 4 < 2.23 · 2
    assert valuation.not_separable(0.9) == ()
    assert np.isnan(make([[[5.0, 9.0]]]).stderr_validation).all()
    valuation.save(tmp_path / "values.npz")
    loaded = Valuation.load(tmp_path / "values.npz")
    np.testing.assert_array_equal(loaded.intervals(), valuation.intervals())
    np.testing.assert_allclose(loaded.to_frame()["stderr_validation"], [2, 7**0.5])
    everyone = valuation.sum_by_party(Parties(np.zeros(2, int), ("all",)))
    np.testing.assert_allclose(everyone.stderr_validation, 12**0.5)


def test_exact_values_are_saved_without_replicates(small_games, tmp_path):
    leave_one_out(small_games["airport"]).save(str(tmp_path / "values"))
    assert Valuation.load(str(tmp_path / "values")).replicates is None


def test_damaged_and_foreign_files_are_refused(sampled, tmp_path):
    path = tmp_path / "values.npz"
    sampled.save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="values.npz: wanted a valuation, got a damaged"):
        Valuation.load(path)
    path.write_text("player,value\n")
    with pytest.raises(ValueError, match="values.npz: wanted a valuation"):
        Valuation.load(path)


def test_sum_by_party_is_linear(sampled):
    parties = Parties(np.array([0, 0, 1, 1, 1, 2, 0, 2]), ("x", "y", "z"))
    summed = sampled.sum_by_party(parties)
    expected = [sampled.values[parties.indices == party].sum() for party in range(3)]
    np.testing.assert_allclose(summed.values, expected)
    assert list(summed.num_rows) == [3, 3, 2]
    assert summed.description["player_kind"] == "sum of rows"
    weights = np.eye(3)[parties.indices]
    groups = sampled.replicates.sum(axis=1).mean(axis=1) @ weights
    counts = sampled.replicate_samples
    sigma = (counts[:, None] * (groups - summed.values) ** 2).sum(axis=0) / (len(counts) - 1)
    np.testing.assert_allclose(summed.stderr_sampling**2, sigma / counts.sum())


def test_everyone_together_has_no_sampling_error(sampled):
    """Each permutation's marginals sum to u(N) − u(∅)."""
    everyone = sampled.sum_by_party(Parties(np.zeros(8, dtype=int), ("all",)))
    np.testing.assert_allclose(everyone.stderr_sampling, 0.0, atol=1e-12)


def test_sum_by_party_wants_every_player(sampled):
    with pytest.raises(ValueError, match="party for each of 8 players, got 3"):
        sampled.sum_by_party(Parties(np.arange(3), ("x", "y", "z")))


def test_kind_of_player_is_named(small_games):
    from dataclasses import replace

    rows = small_games["majority"]
    parties = replace(rows, player_sizes=np.arange(1, 6))
    for game, kind in ((rows, "row"), (parties, "party as one player")):
        assert value_utility(game, "m", np.zeros((1, 1, 5))).description["player_kind"] == kind


def test_payouts_and_comparison_of_a_result(sampled):
    assert sum(sampled.payouts(100).amounts) == 100
    np.testing.assert_array_equal(sampled.compare(sampled).differences, np.zeros(8))
