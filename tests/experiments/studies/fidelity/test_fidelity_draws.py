"""Sets of a draw: alike in size and class share, apart in what was done to them."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from experiments.studies.fidelity import recipes
from experiments.studies.fidelity.draws import make_draw
from experiments.studies.fidelity.recipes import Recipe, Scale
from experiments.studies.fidelity.specs import FULL, PLANS, REDUCED, SMOKE

SPEC = SMOKE.showing[0]


def test_size_and_class_share_say_nothing(draw):
    for row_set in draw.sets:
        assert np.bincount(row_set.targets).tolist() == [8] * 10
        assert row_set.inputs.shape == (80, 8, 8, 1)


def test_no_row_serves_two_ends(draw):
    parts = (draw.base, draw.validation, draw.stopping, draw.test)
    assert [len(part) for part in parts] == [100, 60, 50, 200]
    rows = np.concatenate([part.inputs.reshape(len(part), -1) for part in parts])
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_the_same_spec_gives_the_same_sets(draw):
    again = make_draw(SPEC)
    for one, other in zip(draw.sets, again.sets, strict=True):
        assert one.name == other.name
        assert np.array_equal(one.inputs, other.inputs)
        assert np.array_equal(one.targets, other.targets)


def test_swaps_change_labels_alone_and_changes_inputs_alone(draw):
    for row_set in draw.sets:
        kinds = {step.kind for step in row_set.steps}
        moved = row_set.targets != draw.base.targets[row_set.rows]
        assert moved.any() == bool(kinds & set(recipes.SWAPS))
        assert row_set.is_changed.any() == bool(kinds & set(recipes.CHANGES))


def test_every_kind_of_image_recipe_can_be_made(draw):
    scale = Scale(0.3, 0.0, 1.0)
    every = recipes.recipes_for(draw.base.inputs, 10, scale)
    assert {"clean", "label swap", "class swap", "duplicates", "mixture"} <= {r.kind for r in every}
    for recipe in every:
        for step in recipes.steps_of(recipe, every, jax.random.key(1)):
            if step.kind in recipes.CHANGES:
                changed = recipes.change(draw.base.inputs, step, scale, jax.random.key(2))
                touched = np.abs(changed - draw.base.inputs).reshape(len(changed), -1).max(1) > 0
                assert abs(touched.mean() - step.share) < 0.06, step


def test_recipes_of_tables_leave_out_what_two_classes_have_not():
    kinds = {r.kind for r in recipes.recipes_for(np.zeros((4, 3)), 2, Scale(1, -1, 1))}
    assert "column shuffle" in kinds
    assert not kinds & {"class swap", "domain", "blur"}


def test_a_mixture_has_a_swap_or_copies_and_a_change():
    every = recipes.recipes_for(np.zeros((4, 8, 8, 1)), 10, Scale(1, 0, 1))
    for seed in range(5):
        first, *others = recipes.steps_of(Recipe("mixture"), every, jax.random.key(seed))
        assert first.kind in (*recipes.SWAPS, "duplicates")
        assert others
        assert all(step.kind in recipes.CHANGES for step in others)


def test_more_sets_than_recipes_are_refused():
    with pytest.raises(ValueError, match="num_sets: wanted at most 56"):
        make_draw(replace(SPEC, num_sets=99))


def test_a_table_without_a_folder_is_refused(monkeypatch):
    monkeypatch.delenv("DAVINZ_DATA", raising=False)
    with pytest.raises(ValueError, match="root: wanted a folder with tables"):
        make_draw(next(spec for spec in REDUCED.showing if spec.data == "magic"))


def test_tables_are_standardised_by_base_rows(real_data):
    draw = make_draw(
        replace(next(s for s in REDUCED.showing if s.data == "phoneme"), num_sets=5), root=real_data
    )
    assert np.allclose(draw.base.inputs.mean(0), 0, atol=0.1)
    assert np.bincount(draw.test.targets).tolist() == [600, 600]


def test_plans_show_what_they_promise():
    """500 sets and more in 7 draws and more of 4 data sets and 2 networks; no name twice."""
    assert sum(spec.num_sets for spec in REDUCED.showing) >= 500
    assert len(REDUCED.showing) >= 7
    assert len({spec.data for spec in REDUCED.showing}) >= 4
    assert len({spec.network for spec in REDUCED.showing}) >= 2
    for plan in PLANS.values():
        names = [spec.name for _, spec in plan.roles]
        assert len(set(names)) == len(names)
    assert len(FULL.showing) == 3 * len(REDUCED.showing)
