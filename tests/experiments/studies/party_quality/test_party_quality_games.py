"""Parties of a game: alike in size and class balance, apart in what was done to them."""

from dataclasses import replace

import numpy as np
import pytest

from experiments.studies.party_quality import games
from experiments.studies.party_quality.games import ROLES, make_game
from experiments.studies.party_quality.specs import COPIES, INPUTS, LABELS, PLANS, Spec
from experiments.studies.party_quality.validation import first_rows

SPEC = Spec("digits", LABELS, 3, None, rows=8, validation=6, num_initialisations=1)


@pytest.fixture(scope="module")
def clean():
    """The rows before any change; a step of noise of zero leaves them as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(games, "MAKERS", {LABELS: lambda game, _: game})
        return make_game(SPEC)


def test_parties_are_of_one_size_and_class_balance(clean):
    for party in range(8):
        own = clean.dataset.targets[clean.parties.indices == party]
        assert np.bincount(own).tolist() == [8] * 10
    assert np.bincount(clean.dataset.validation.targets).tolist() == [6] * 10


def test_wrong_labels_are_as_many_as_the_quality_says(clean):
    game = make_game(SPEC)
    wrong = game.dataset.targets != clean.dataset.targets
    counts = np.bincount(game.parties.indices, wrong)
    assert counts.tolist() == [round(-80 * each) for each in game.quality]
    assert sorted(-game.quality) == pytest.approx(np.linspace(0, 0.45, 8).tolist())
    assert np.array_equal(game.dataset.inputs, clean.dataset.inputs)


def test_noise_is_as_wide_as_the_quality_says():
    game = make_game(replace(SPEC, quality=INPUTS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(games, "NOISE_STEP", 0.0)
        clean = make_game(replace(SPEC, quality=INPUTS))
    apart = game.dataset.inputs - clean.dataset.inputs
    widths = [apart[game.parties.indices == party].std() for party in range(8)]
    assert np.allclose(widths, -game.quality, rtol=0.05)


def test_copies_are_what_their_roles_say():
    game = make_game(replace(SPEC, quality=COPIES))
    owners = game.parties.indices
    rows = {
        name: np.sort(game.dataset.inputs[owners == party].reshape(80, -1), axis=0)
        for party, name in enumerate(game.parties.names)
    }
    assert np.array_equal(rows[games.COPY], rows[games.ORIGINAL])
    distinct = dict(zip(game.parties.names, game.quality, strict=True))
    assert distinct[games.PART_OF_PLAIN] == distinct[games.REPEATED[2]] == 40
    assert distinct[games.REPEATED[8]] == 10
    assert distinct["plain 0"] == distinct[games.COPY] == 80
    assert len(ROLES) == len(set(game.parties.names)) == 8
    half, whole = (
        {row.tobytes() for row in game.dataset.inputs[owners == game.parties.names.index(name)]}
        for name in (games.PART_OF_PLAIN, "plain 0")
    )
    assert half < whole


def test_the_same_spec_gives_the_same_game_and_others_do_not():
    one, again, other = (make_game(replace(SPEC, draw=draw)) for draw in (3, 3, 4))
    assert np.array_equal(one.dataset.inputs, again.dataset.inputs)
    assert np.array_equal(one.quality, again.quality)
    assert not np.array_equal(one.dataset.inputs, other.dataset.inputs)


def test_the_first_rows_are_as_many_of_each_class(clean):
    chosen = first_rows(clean, 2)
    assert np.bincount(clean.dataset.validation.targets[chosen]).tolist() == [2] * 10


def test_no_showing_game_chooses():
    for plan in PLANS.values():
        names = [spec.name for _, spec in plan.roles]
        assert len(set(names)) == len(names)
        halves = {(role, spec.half) for role, spec in plan.roles if spec.data != "digits"}
        assert halves <= {("choosing", 0), ("showing", 1)}
        assert bool(plan.growing) == bool(plan.growing_data)
