"""Plans within memory."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.models import MLP, apply_function
from davinz_jax.ntk import empirical_ntk
from davinz_jax.ntk.engines.base import MemoryCost, Request
from davinz_jax.ntk.execution.plan import _batches, _tiles_bytes, make_plan, parse_bytes
from davinz_jax.ntk.outputs import Network, make_rows


def linear(variables, inputs):
    return inputs @ variables["params"]["kernel"]


VARIABLES = {"params": {"kernel": jnp.ones((4, 1))}}
NETWORK = Network(linear, "scalar", "weights")


@pytest.mark.parametrize(
    ("memory", "wanted"),
    [(5, 5), ("7", 7), ("4GiB", 4 * 2**30), ("2 kB", 2000), ("1.5mib", 1572864)],
)
def test_sizes_in_units(memory, wanted):
    assert parse_bytes(memory) == wanted


@pytest.mark.parametrize("memory", ["4 gigs", "", "GiB", "1.2.3MB", "-4GiB", 0, -1])
def test_refuses_what_is_no_size(memory):
    with pytest.raises(ValueError, match="memory: wanted"):
        parse_bytes(memory)


@pytest.mark.parametrize("room", [10, 100, 1000, 10_000, 1_000_000])
@pytest.mark.parametrize("block", [1, 7, 100, 3000])
def test_batches_fit_the_room_where_any_do(room, block):
    memory_cost = MemoryCost(fixed=0, row=1, kept=2)
    size, num_cached = _batches(memory_cost, block, room, None)
    assert 1 <= size <= block
    assert 1 <= num_cached <= -(-block // size)
    if room >= 6:
        assert _tiles_bytes(memory_cost, block, size, num_cached) <= room


def test_all_is_held_where_memory_allows():
    memory_cost = MemoryCost(fixed=0, row=1, kept=2)
    size, num_cached = _batches(memory_cost, 3000, 10**9, None)
    assert (size, num_cached) == (500, 6)


def test_refuses_what_does_not_fit_and_names_what_would():
    rows = make_rows(NETWORK, np.ones((3000, 4), np.float32), None)
    with pytest.raises(ValueError, match=r"memory: wanted \d+MiB or more, got 1MiB; set memory="):
        make_plan("neural_tangents", NETWORK, VARIABLES, rows, memory="1MiB")
    plan = make_plan("neural_tangents", NETWORK, VARIABLES, rows, memory="2GiB")
    assert plan.peak_bytes <= 2 * 2**30


def test_kernel_is_the_same_however_little_is_held(key):
    """Batches kept one, two or all at a time: `num_cached` follows from the memory bound."""
    x = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    module = MLP((6, 5), num_outputs=3)
    variables = module.init(key, x)
    apply = apply_function(module)
    whole = empirical_ntk(apply, variables, x, output="trace")
    from davinz_jax.ntk.execution.tiles import symmetric_gram
    from davinz_jax.ntk.execution.workers import one_device

    network = Network(apply, "trace", "weights")
    rows = make_rows(network, x, None)
    plan = make_plan("layerwise", network, variables, rows, batch_size=2)
    for num_cached in (1, 2, 5):
        found = symmetric_gram(plan._replace(num_cached=num_cached), variables, rows, one_device())
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
