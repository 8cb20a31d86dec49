"""Baselines return the valuation that all methods return."""

import numpy as np

from davinz_jax.baselines import baseline_valuation
from davinz_jax.data.dataset import Parties
from davinz_jax.semivalues.valuation import Valuation


def test_values_survive_saving(tmp_path):
    parties = Parties(np.array([0, 1, 1]), ("a", "b"))
    made = baseline_valuation("mine", parties, np.array([1.0, 2.0]), settings={"k": 5})
    made.save(tmp_path / "mine.npz")
    read = Valuation.load(tmp_path / "mine.npz")
    np.testing.assert_array_equal(read.values, [1, 2])
    assert (read.method, read.seconds, read.description["k"]) == ("mine", 0.0, 5)
    assert read.description["player_kind"] == "party as one player"


def test_rows_are_numbered_where_players_are_rows():
    parties = Parties(np.array([1, 0]), ("b", "a"))
    made = baseline_valuation("mine", parties, np.array([1.0, 2.0]))
    assert made.to_frame()["row"].tolist() == [1, 0]
