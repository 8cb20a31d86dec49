"""A new party scored against a saved result."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from davinz_jax.semivalues import check_frozen, games, leave_one_out, score_new_party


@dataclass(frozen=True)
class Described(games.Game):
    """A game that says it has a κ and, one level down, a ridge."""

    kappa: float = 0.3
    ridge: float = 1e-4

    def describe(self):
        return {"kind": "davinz", "kappa": self.kappa, "complexity": {"ridge": self.ridge}, "n": 4}


def described(costs, **options):
    game = games.airport(np.array(costs))
    return Described(**{name: getattr(game, name) for name in game.__dataclass_fields__}, **options)


@pytest.fixture
def old():
    return leave_one_out(described([1.0, 4.0, 2.0]))


def test_a_longer_runway_by_hand(old):
    """Costs 1, 4, 2 and then 7: three more than all others, seven alone."""
    score = score_new_party(described([1.0, 4.0, 2.0, 7.0]), "a3", against=old)
    assert (score.value, score.value_alone) == (3.0, 7.0)
    assert np.isnan(score.stderr)
    assert score.rank_among(old) == 1
    assert score_new_party(described([1.0, 4.0, 2.0, 3.0]), "a3").rank_among(old) == 2


def test_it_is_leave_one_out_of_the_larger_game(wide_game):
    whole = leave_one_out(wide_game)
    score = score_new_party(wide_game, "a4")
    np.testing.assert_allclose(score.marginal, whole.contributions[..., 4])
    assert score.value == pytest.approx(whole.values[4])
    assert score.stderr == pytest.approx(whole.stderr_initialisation[4])


def test_only_three_coalitions_are_asked_for():
    asked = []

    def worth(members):
        asked.append(len(members))
        return members.sum(axis=1) * 1.0

    score_new_party(games.game("parameters", 40, worth), "a0")
    assert asked == [3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kappa": 0.5}, "kappa: 0.3 in the file, 0.5 now"),
        ({"ridge": 1.0}, "complexity.ridge: 0.0001 in the file, 1.0 now"),
    ],
)
def test_settings_of_another_utility_are_refused(old, options, message):
    other = described([1.0, 4.0, 2.0, 7.0], **options)
    with pytest.raises(ValueError, match=message):
        score_new_party(other, "a3", against=old)
    with pytest.raises(ValueError, match="wanted the settings of the saved result"):
        check_frozen(other.describe(), old)


def test_other_players_are_refused(old):
    game = described([1.0, 4.0, 2.0, 7.0])
    with pytest.raises(ValueError, match="player: wanted one of the utility's 4 players"):
        score_new_party(game, "z", against=old)
    with pytest.raises(ValueError, match="against: wanted the utility's other players"):
        score_new_party(replace(game, players=("x", "a1", "a2", "a3")), "a3", against=old)
