"""Epochs looped on the device and on the host."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.models import MLP, initialise
from davinz_jax.training.epochs import EPOCHS_A_CALL, Data, Fit, Rows, epoch_runner
from davinz_jax.training.schedule import Schedule

FIT = Fit(
    MLP((4,), 2),
    "classification",
    Schedule(0.2, batch_size=4, tolerance=0.03, min_epochs=2, max_epochs=20, momentum=0.5),
)


@pytest.fixture
def member(blobs, key):
    rows = Rows(jnp.arange(12)[None], jnp.array([10]), key[None])
    variables = initialise(FIT.module, key, blobs.inputs)
    states = jax.vmap(FIT.start, (None, 0))(variables, rows.count)
    return states, rows, Data(jnp.asarray(blobs.inputs), jnp.asarray(blobs.targets))


def test_shuffle_names_each_row_that_counts_once(member):
    rows = jax.tree.map(lambda leaf: leaf[0], member[1])
    first, second = FIT.shuffle(rows, 0), FIT.shuffle(rows, 1)
    assert sorted(first[:10].tolist()) == list(range(10))
    assert (first != second).any()


def test_loop_on_the_host_does_the_same(member):
    device, host = (
        epoch_runner(FIT, host_loop=host_loop)(*member, jnp.asarray(20))
        for host_loop in (False, True)
    )
    epochs = int(device[0].epoch[0])
    assert 2 <= epochs < 20
    assert np.isfinite(device[1][0, :epochs]).all()
    assert np.isnan(device[1][0, epochs:]).all()
    assert device[1].shape == (1, EPOCHS_A_CALL)
    assert device[0].best is None
    close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)  # noqa: E731
    jax.tree.map(close, device, host)


def test_equal_fits_share_one_compiled_program():
    again = Fit(MLP([4], 2), "classification", FIT.schedule)
    assert epoch_runner(FIT, host_loop=False) is epoch_runner(again, host_loop=False)
