"""Tiles of blocks: every pair once, little computed twice, and the kernel of the definition."""

import weakref
from typing import Any

import numpy as np
import pytest

from davinz_jax.executors import InProcess
from davinz_jax.ntk.engines.base import ComputeCost, MemoryCost
from davinz_jax.ntk.execution.destination import make_destination
from davinz_jax.ntk.execution.plan import Plan
from davinz_jax.ntk.execution.tiles import (
    all_outputs,
    block_grams,
    cross_gram,
    mirror_upper,
    symmetric_gram,
)
from davinz_jax.ntk.outputs import Network, Rows
from davinz_jax.ntk.partition import block_rows

RNG = np.random.default_rng(0)
X, OTHERS = RNG.normal(size=(11, 3)), RNG.normal(size=(4, 3))
HERE = InProcess((None,))
VARIABLES = {"params": {"kernel": np.ones((3, 1))}}


def rows_of(inputs):
    return Rows(inputs, np.zeros(len(inputs), np.int32))


class Tracked(np.ndarray):
    """Features that can be counted while they are alive."""

    __hash__ = object.__hash__  # type: ignore[assignment]


class Counting:
    """Kernel x·x' in passes that add up to it, counting the batches it is given."""

    name = "counting"
    tile_rows = 512

    def __init__(self, num_passes):
        self.passes, self.seen, self.sizes = num_passes, [], set()
        self.most_alive, self._made = 0, weakref.WeakSet[Any]()

    def represent(self, network, variables, rows, index):
        self.seen.append(index)
        self.sizes.add(rows.num_rows)
        features = np.asarray(rows.inputs) * np.sqrt((index + 1) / sum(range(self.passes + 1)))
        self._made.add(kept := features.view(Tracked))
        self.most_alive = max(self.most_alive, len(self._made))
        return kept

    def contract(self, network, variables, features, other):
        return np.asarray(features) @ np.asarray(features if other is None else other).T

    def fit(self, network, variables, inputs, *, block_size):
        return self

    def with_logits(self, logits_per_pass, *, block_size):
        return self

    def alternatives(self, *, block_size):
        return (self,)

    def num_passes(self, num_logits, network):
        return self.passes

    def memory_cost(self, network, variables, inputs):
        return MemoryCost(0, 1, 1)

    def compute_cost(self, network, variables, inputs):
        return ComputeCost(0.0, 0.0, 0.0, 0.0)


def plan_of(num_passes=1, batch_size=3, num_cached=2):
    network = Network(lambda v, x: x @ v["params"]["kernel"], "scalar", "weights")
    engine = Counting(num_passes)
    return Plan(engine, network, num_passes, batch_size, num_cached, 0, 0.0), engine


@pytest.mark.parametrize("num_passes", [1, 3])
@pytest.mark.parametrize("num_cached", [1, 2, 4])
@pytest.mark.parametrize("batch_size", [1, 3, 11])
def test_symmetric_and_cross_kernels_are_products_of_rows(batch_size, num_cached, num_passes):
    plan, engine = plan_of(num_passes, batch_size, num_cached)
    found = symmetric_gram(plan, VARIABLES, rows_of(X), HERE)
    np.testing.assert_allclose(found, X @ X.T, atol=1e-12)
    np.testing.assert_array_equal(found, found.T)
    assert len(engine.sizes) == 1
    cross = cross_gram(plan, VARIABLES, rows_of(OTHERS), rows_of(X), HERE)
    np.testing.assert_allclose(cross, OTHERS @ X.T, atol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_blocks_are_zero_in_padding_and_of_one_shape(batch_size, key):
    plan, engine = plan_of(batch_size=batch_size)
    partition = block_rows(11, num_blocks=3, shuffle=True, key=key)
    found = block_grams(plan, VARIABLES, rows_of(X), partition, HERE)
    assert len(engine.sizes) == 1
    for rows, block in zip(partition, found, strict=True):
        wanted = (X @ X.T)[np.ix_(rows, rows)]
        wanted[rows < 0], wanted[:, rows < 0] = 0, 0
        np.testing.assert_allclose(block, wanted, atol=1e-12)


def test_batches_are_represented_as_often_as_the_plan_says():
    """4 batches, two cached: 4 for the first group, then the last 2 again; in each pass."""
    plan, engine = plan_of(num_passes=2)
    symmetric_gram(plan, VARIABLES, rows_of(X), HERE)
    assert sorted(engine.seen) == [0] * 6 + [1] * 6


@pytest.mark.parametrize("num_cached", [1, 2])
def test_no_more_features_are_alive_than_the_plan_counts_on(num_cached):
    """Those cached and those of one more batch."""
    plan, engine = plan_of(2, 2, num_cached)
    symmetric_gram(plan, VARIABLES, rows_of(X), HERE)
    assert engine.most_alive == num_cached + 1
    plan, engine = plan_of(2, 2, num_cached)
    cross_gram(plan, VARIABLES, rows_of(X), rows_of(np.tile(X, (2, 1))), HERE)
    assert engine.most_alive == num_cached + 1


def test_progress_counts_every_tile():
    """4 batches of the first block make 10 tiles; so do those of the second."""
    plan, _ = plan_of(num_passes=2)
    partition = block_rows(22, num_blocks=2, shuffle=False, key=None)
    seen = []
    block_grams(
        plan, VARIABLES, rows_of(np.tile(X, (2, 1))), partition, HERE,
        progress=lambda *said: seen.append(said),
    )  # fmt: skip
    assert seen == [(done, 20, "kernel") for done in range(1, 21)]


def test_outputs_of_all_rows_in_order():
    plan, _ = plan_of(batch_size=4)
    found = all_outputs(plan, VARIABLES, X, HERE)
    np.testing.assert_allclose(found, X.sum(axis=1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("size", [1, 5, 513, 1030])
def test_what_is_above_the_diagonal_is_mirrored(size):
    square = RNG.normal(size=(size, size))
    found = mirror_upper(square.copy())
    np.testing.assert_array_equal(found, np.triu(square) + np.triu(square, 1).T)


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_tiles_computed_elsewhere_are_filled_in(num_blocks, elsewhere, key):
    plan, _ = plan_of(num_passes=2)
    partition = block_rows(11, num_blocks=num_blocks, shuffle=False, key=None)
    seen = []
    found = block_grams(
        plan, VARIABLES, rows_of(X), partition, elsewhere, progress=lambda *said: seen.append(said)
    )
    here = block_grams(plan, VARIABLES, rows_of(X), partition, HERE)
    np.testing.assert_array_equal(found, here)
    assert seen[-1][0] == seen[-1][1] == len(seen)
    cross = cross_gram(plan, VARIABLES, rows_of(OTHERS), rows_of(X), elsewhere)
    np.testing.assert_allclose(cross, OTHERS @ X.T, atol=1e-12)


def test_only_unfinished_tiles_are_sent(elsewhere, tmp_path):
    plan, engine = plan_of()
    partition = block_rows(11, num_blocks=1, shuffle=False, key=None)

    def fill():
        whole = make_destination(
            (1, 11, 11), np.dtype(np.float64), store=tmp_path, identity=lambda: {"a": "b"}
        )
        return block_grams(plan, VARIABLES, rows_of(X), partition, elsewhere, destination=whole)

    first = np.array(fill())
    engine.seen.clear()
    np.testing.assert_array_equal(fill(), first)
    assert not engine.seen
