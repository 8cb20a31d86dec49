"""Plans within memory."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.executors import InProcess
from davinz_jax.models import MLP, apply_function
from davinz_jax.ntk import empirical_ntk
from davinz_jax.ntk.engines.base import ComputeCost, MemoryCost
from davinz_jax.ntk.execution.plan import (
    Request,
    _batches,
    _work_bytes,
    kernel_operations,
    make_plan,
)
from davinz_jax.ntk.execution.tiles import symmetric_gram
from davinz_jax.ntk.outputs import Network, make_rows


def linear(variables, inputs):
    return inputs @ variables["params"]["kernel"]


VARIABLES = {"params": {"kernel": jnp.ones((4, 1))}}
NETWORK = Network(linear, "scalar", "weights")
COST = ComputeCost(tile_row=1.0, feature_row=100.0, pair=10_000.0, output_row=1e8)


@pytest.mark.parametrize("room", [10, 100, 1000, 10_000, 1_000_000])
@pytest.mark.parametrize("block", [1, 7, 100, 3000])
def test_batches_fit_the_room_where_any_do(room, block):
    memory_cost = MemoryCost(fixed=0, row=1, cached=2)
    size, num_cached = _batches(memory_cost, block, room, None)
    assert 1 <= size <= block
    assert 1 <= num_cached <= -(-block // size)
    if room >= 6:
        assert _work_bytes(memory_cost, block, size, num_cached) <= room


def test_all_is_cached_where_memory_allows():
    memory_cost = MemoryCost(fixed=0, row=1, cached=2)
    size, num_cached = _batches(memory_cost, 3000, 10**9, None)
    assert (size, num_cached) == (500, 6)


def test_refuses_what_does_not_fit_and_names_what_would():
    rows = make_rows(NETWORK, np.ones((3000, 4), np.float32), None)
    with pytest.raises(ValueError, match=r"memory: wanted \d+MiB or more, got 1MiB; set memory="):
        make_plan("neural_tangents", NETWORK, VARIABLES, rows, memory="1MiB")
    plan = make_plan("neural_tangents", NETWORK, VARIABLES, rows, memory="2GiB")
    assert plan.peak_bytes <= 2 * 2**30


def test_gradients_on_sequences_are_formed_anew_for_few_tiles_and_kept_for_many():
    """A row's gradient is 360 kB, its inputs and signals 192 kB."""

    def by_position(variables, inputs):
        spread = jnp.repeat(inputs[..., None], 300, axis=2)
        return jnp.tanh(spread @ variables["params"]["kernel"]).mean(axis=1)[:, :1]

    variables = {"params": {"kernel": jnp.zeros((300, 300))}}
    network = Network(by_position, "scalar", "weights")

    def planned(num_rows, memory):
        rows = make_rows(network, np.zeros((num_rows, 80), np.float32), None)
        return make_plan("layerwise", network, variables, rows, memory=memory)

    assert planned(1000, "64GiB").engine.survey.forms == ("outer",)
    few, many = planned(4000, "4GiB"), planned(20_000, "64GiB")
    assert (few.engine.survey.forms, few.batch_size) == (("outer",), 2000)
    assert (many.engine.survey.forms, many.batch_size) == (("gradient",), 500)


def test_kernel_is_the_same_however_little_is_cached(key):
    """Features of one batch, two or all are cached: `num_cached` follows from the memory bound."""
    x = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    module = MLP((6, 5), num_outputs=3)
    variables = module.init(key, x)
    apply = apply_function(module)
    whole = empirical_ntk(apply, variables, x, output="trace")
    network = Network(apply, "trace", "weights")
    rows = make_rows(network, x, None)
    plan = make_plan("layerwise", network, variables, rows, batch_size=2)
    for num_cached in (1, 2, 5):
        found = symmetric_gram(
            plan._replace(num_cached=num_cached), variables, rows, InProcess((None,))
        )
        np.testing.assert_allclose(found, whole, atol=1e-5)


def test_an_accelerator_holds_the_work_and_the_host_the_kernel(monkeypatch):
    """4,000² float32 numbers are 61 MiB, too many beside the work where one memory holds both."""
    rows = make_rows(NETWORK, np.ones((4000, 4), np.float32), None)
    monkeypatch.setattr("davinz_jax.ntk.execution.plan.host_memory", lambda: 2**30)
    settings = {"batch_size": 100, "memory": "300MiB"}
    with pytest.raises(ValueError, match="more num_blocks, or a store on disk"):
        make_plan("neural_tangents", NETWORK, VARIABLES, rows, **settings)
    monkeypatch.setattr("jax.default_backend", lambda: "gpu")
    plan = make_plan("neural_tangents", NETWORK, VARIABLES, rows, **settings)
    assert plan.peak_bytes < 300 * 2**20
    monkeypatch.setattr("davinz_jax.ntk.execution.plan.host_memory", lambda: 2**26)
    with pytest.raises(ValueError, match="store: wanted kernels of at most 45MiB in the host's"):
        make_plan("neural_tangents", NETWORK, VARIABLES, rows, **settings)
    make_plan("neural_tangents", NETWORK, VARIABLES, rows, Request(is_stored=True), **settings)


def test_operations_of_a_dense_kernel_by_hand():
    """6 rows in 3 batches of 2, two of them cached: batches 0, 1, 2, then 2 again are 8 rows.

    3 diagonal tiles of 2 rows and 3 others of 4; 18 pairs; two passes; 6 outputs; two draws.
    """
    found = kernel_operations(
        COST, Request(num_draws=2), 6, num_passes=2, batch_size=2, num_cached=2
    )
    assert found == 2 * (2 * (8 * 100 + (3 * 2 + 3 * 4) + 18 * 10_000) + 6e8)


def test_operations_of_blocks_add_up():
    one = kernel_operations(COST, Request(), 5, num_passes=1, batch_size=5, num_cached=1)
    four = kernel_operations(
        COST, Request(num_blocks=4), 20, num_passes=1, batch_size=5, num_cached=1
    )
    assert four == 4 * one


def test_operations_of_the_kernel_to_a_validation_set():
    """4 rows in 2 batches, all cached, 2 validation rows: 6 rows seen, 8 pairs, 2 tiles of 4."""
    plain = kernel_operations(COST, Request(), 4, num_passes=1, batch_size=2, num_cached=2)
    more = kernel_operations(
        COST, Request(num_validation_rows=2), 4, num_passes=1, batch_size=2, num_cached=2
    )
    assert more - plain == 6 * 100 + 8 * 10_000 + (2 * 2 + 4 * 1) * 1 + 2e8
