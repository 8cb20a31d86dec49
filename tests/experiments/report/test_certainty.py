"""Notes under a table: of each or of all together, and only where errors are known."""

import numpy as np
import pytest

from davinz_jax.semivalues import Valuation
from davinz_jax.semivalues.evidence import Evidence
from experiments.report import certainty


def make(contributions, **options):
    array = np.array(contributions)
    players = tuple("abcdefgh"[: array.shape[-1]])
    return Valuation("test", players, np.ones(len(players), int), ("t",), array, **options)


@pytest.fixture
def doubtful():
    """Players a and b differ by noise; c is far below, in all of three initialisations."""
    return make([[[1.0, 1.01, -5.0], [1.02, 1.0, -5.01], [1.0, 1.0, -4.99]]])


def test_notes_say_what_holds_of_each_and_of_all(doubtful):
    holds, pairs = certainty.notes(doubtful, 0.9)
    assert "each value by itself" in holds
    assert "at 90% for all players together" in holds
    assert pairs == "not separable at 90%, all pairs together: a-b"
    assert list(certainty.notes(doubtful, 0.9, pairs=False)) == [holds]
    assert certainty.pairs_not_separable(doubtful, 0.9) == (("a", "b"),)


def test_no_error_no_note():
    exact = make([[[1.0, 1.0, 2.0]]])
    assert list(certainty.notes(exact, 0.95)) == []
    assert certainty.pairs_note(exact, 0.95) is None
    assert certainty.pairs_not_separable(exact, 0.95) is None


def test_pairs_beyond_those_named_are_counted():
    noise = make([np.random.default_rng(0).normal(size=(3, 8))])
    assert certainty.pairs_note(noise, 0.95).endswith("a-h, b-c and 20 more pairs")


def test_too_many_players_are_not_named(monkeypatch, doubtful):
    monkeypatch.setattr(certainty, "MOST_PLAYERS", 2)
    assert certainty.pairs_not_separable(doubtful, 0.95) is None


def test_values_that_hang_on_few_samples_are_named():
    evidence = Evidence(np.array([1.0, 90.0, 2.0]), np.ones(3), 100)
    few = make([[[0.0, 1.0, 2.0]]], evidence=evidence, num_samples=200)
    text = certainty.scarce_note(few)
    assert text.startswith("2 of 3 values hang on fewer than 8 of 200 samples (a, c):")
    assert "semivalue.num_samples" in text
    assert certainty.scarce_note(make([[[0.0, 1.0]]])) is None
