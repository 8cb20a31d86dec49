"""Where blocks go: parts of an array, and what is noted in a store."""

import numpy as np
import pytest

from davinz_jax.ntk.execution.destination import Collected, Destination, make_destination

TILE = (slice(0, 2), slice(2, 4))


def make(store, wanted=lambda: {"rows": "a"}):
    """Room for two draws of one block of four rows."""
    return make_destination((2, 1, 4, 4), np.dtype(np.float32), store=store, identity=wanted)


def test_a_part_is_a_view():
    whole = Destination(np.zeros((2, 3)))
    whole.part(1).array[:] = 7
    np.testing.assert_array_equal(whole.array, [[0, 0, 0], [7, 7, 7]])
    assert whole.part(1).part(2).region == (1, 2)


def test_in_memory_nothing_is_noted_or_asked():
    def fail():
        raise AssertionError("identity is for stores")

    block = make(None, wanted=fail).part(0).part(0)
    block.finish(TILE)
    assert not block.is_finished(TILE)


def test_a_store_knows_the_tile_of_the_draw_alone(tmp_path):
    whole = make(tmp_path)
    whole.part(1).part(0).finish(TILE)
    again = make(tmp_path)
    assert again.part(1).part(0).is_finished(TILE)
    assert not again.part(0).part(0).is_finished(TILE)


def test_a_tile_that_is_not_finite_is_not_noted(tmp_path):
    block = make(tmp_path).part(0).part(0)
    block.array[1, 3] = np.nan
    block.finish(TILE)
    assert not block.is_finished(TILE)
    block.array[1, 3] = 1
    block.finish(TILE)
    assert block.is_finished(TILE)


@pytest.mark.parametrize(
    "make_block", [lambda: Destination(np.zeros((4, 4))), lambda: Collected(np.float64)]
)
def test_a_tile_is_put_and_added_to(make_block):
    block = make_block()
    block.put(TILE, np.full((2, 2), 3.0), is_first=True)
    block.put(TILE, np.full((2, 2), 4.0), is_first=False)
    found = block.tiles[0, 2] if isinstance(block, Collected) else block.array[TILE]
    np.testing.assert_array_equal(found, np.full((2, 2), 7.0))
    assert not block.is_finished(TILE)
