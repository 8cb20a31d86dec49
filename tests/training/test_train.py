"""Training: by hand, against a NumPy twin, side by side as alone."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.models import MLP, initialise
from davinz_jax.models.layers import batch_norm, dense
from davinz_jax.training import Schedule, train, train_many
from davinz_jax.training.train import default_group_size


class Normed(nn.Module):
    """BatchNorm and a linear layer."""

    @nn.compact
    def __call__(self, inputs, *, train=False):
        return dense(2, name="out")(batch_norm(train=train, name="norm")(inputs))


def weights(value):
    return {"params": {"out": {"kernel": jnp.asarray(value)}}}


def test_one_step_by_hand(key):
    """Y = w x, x = 2, y = 6, w = 1: loss (2 - 6)² = 16, gradient 2·(-4)·2 = -16, w = 1 + 0.1·16."""
    rows = np.full((1, 1), 2, np.float32)
    data = Dataset(rows, np.array([6], np.float32), "regression", 1, Validation(rows))
    schedule = Schedule(learning_rate=0.1, min_epochs=1, max_epochs=1)
    result = train(MLP(()), weights([[1.0]]), data, schedule=schedule, key=key)
    assert float(result.variables["params"]["out"]["kernel"][0, 0]) == pytest.approx(2.6)
    np.testing.assert_allclose(result.losses, [16])
    assert (result.epochs, result.converged) == (1, False)


def test_full_batches_equal_numpy_descent(line, key):
    """With one batch an epoch the order of rows does not matter: plain gradient descent."""
    schedule = Schedule(learning_rate=0.1, tolerance=0, min_epochs=30, max_epochs=30)
    result = train(MLP(()), weights([[0.5], [0.5]]), line, schedule=schedule, key=key)
    kernel, losses = np.array([0.5, 0.5]), []
    for _ in range(30):
        error = line.inputs @ kernel - line.targets
        losses.append(np.mean(error**2))
        kernel = kernel - 0.1 * 2 * line.inputs.T @ error / len(line)
    np.testing.assert_allclose(result.losses, losses, rtol=1e-4, atol=1e-9)
    np.testing.assert_allclose(result.variables["params"]["out"]["kernel"][:, 0], kernel, rtol=1e-4)


def test_every_row_counts_once_an_epoch(line, key):
    """At rate 0 the epoch loss is the mean loss, whatever the batches (12 = 5 + 5 + 2)."""
    schedule = Schedule(learning_rate=0, batch_size=5, tolerance=0, min_epochs=3, max_epochs=3)
    result = train(MLP(()), weights([[0.5], [0.5]]), line, schedule=schedule, key=key)
    wanted = np.mean((line.inputs @ [0.5, 0.5] - line.targets) ** 2)
    np.testing.assert_allclose(result.losses, wanted, rtol=1e-5)


def test_stops_when_the_loss_settles(line, key):
    schedule = Schedule(learning_rate=0.1, tolerance=1e-4, min_epochs=30, max_epochs=90)
    result = train(MLP(()), weights([[0.0], [0.0]]), line, schedule=schedule, key=key)
    assert result.converged
    assert 30 <= result.epochs < 90
    changes = np.abs(np.diff(result.losses))[28:]  # between epochs 29 and 30, and later
    assert (changes[:-1] >= 1e-4).all()
    assert changes[-1] < 1e-4


def test_validation_rule_equals_numpy_descent(line, key):
    """Full batches; training ends 3 epochs after the last fall by 0.02, at its weights."""
    schedule = Schedule(0.1, tolerance=0.02, min_epochs=4, max_epochs=90, patience=3)
    result = train(MLP(()), weights([[0.5], [0.5]]), line, schedule=schedule, key=key)
    kernel, served, course, best = np.array([0.5, 0.5]), line.validation, [], (np.inf, 0)
    while len(course) - best[1] < 3 or len(course) < 4:
        kernel = kernel - 0.2 * line.inputs.T @ (line.inputs @ kernel - line.targets) / len(line)
        course.append(kernel)
        loss = np.mean((served.inputs @ kernel - served.targets) ** 2)
        best = (loss, len(course)) if loss < best[0] - 0.02 else best
    assert 4 < len(course) < 90
    assert (result.epochs, result.converged) == (len(course), True)
    found = result.variables["params"]["out"]["kernel"][:, 0]
    np.testing.assert_allclose(found, course[best[1] - 1], rtol=1e-4)


def test_validation_rule_needs_targets(blobs, key):
    data = replace(blobs, validation=Validation(blobs.validation.inputs))
    with pytest.raises(ValueError, match="patience: wanted a validation set with known targets"):
        train(MLP(()), {}, data, schedule=Schedule(patience=2), key=key)


def test_divergence_ends_training_and_is_told(line, key, caplog):
    schedule = Schedule(learning_rate=1e6, max_epochs=60)
    result = train(MLP(()), weights([[0.0], [0.0]]), line, schedule=schedule, key=key)
    assert not result.converged
    assert result.epochs < 60
    assert "left the finite numbers" in caplog.text


def test_norm_is_trained(blobs, key):
    schedule = Schedule(learning_rate=0.1, min_epochs=60, max_epochs=60)
    start = initialise(Normed(), key, blobs.inputs)
    result = train(Normed(), start, blobs, schedule=schedule, key=key)
    moments = result.variables["batch_stats"]["norm"]
    np.testing.assert_allclose(moments["mean"], blobs.inputs.mean(0), atol=0.02)
    np.testing.assert_allclose(moments["var"], blobs.inputs.var(0), rtol=0.02)
    assert np.abs(result.variables["params"]["norm"]["scale"] - 1).max() > 0.01
    assert result.losses[-1] < result.losses[0] / 2


def test_threads_give_what_one_network_after_the_other_does(blobs, key):
    """Convolutions, whose minibatches the host loops over on a processor; rows stop apart."""
    module, sets = Unhashable({"outputs": 2}), [np.arange(9), np.arange(4), np.arange(2, 24)]
    schedule = Schedule(0.2, batch_size=8, tolerance=5e-3, min_epochs=2, max_epochs=30, patience=2)
    options = {"schedule": schedule, "key": key}
    start = initialise(module, key, blobs.inputs)
    together, one_by_one = (
        list(train_many(module, start, blobs, sets, num_threads=num, **options)) for num in (3, 1)
    )
    for one, other in zip(together, one_by_one, strict=True):
        np.testing.assert_array_equal(one.losses, other.losses)
        jax.tree.map(np.testing.assert_array_equal, one.variables, other.variables)
    (alone,) = train_many(module, start, blobs, sets[:1], **options)
    assert alone.epochs == together[0].epochs
    np.testing.assert_allclose(alone.losses, together[0].losses, rtol=1e-4)  # another padding
    assert len({one.epochs for one in together}) > 1


class Unhashable(nn.Module):
    """A user's module with a field that cannot be hashed, and without `train`."""

    settings: dict

    @nn.compact
    def __call__(self, inputs):
        hidden = nn.Conv(2, (3,))(inputs[..., None]).reshape(len(inputs), -1)
        return nn.Dense(self.settings["outputs"])(hidden)


@pytest.mark.parametrize("group_size", [1, 2])
def test_user_module_that_cannot_be_hashed(blobs, key, group_size):
    module, schedule = Unhashable({"outputs": 2}), Schedule(0.1, min_epochs=2, max_epochs=2)
    options = {"schedule": schedule, "key": key, "group_size": group_size}
    sets = [np.arange(9), np.arange(4)]
    for result in train_many(module, initialise(module, key, blobs.inputs), blobs, sets, **options):
        assert result.losses[1] < result.losses[0]


def test_empty_dataset_is_refused(blobs, key):
    with pytest.raises(ValueError, match="dataset: wanted rows"):
        train(MLP(()), {}, blobs.take(np.arange(0)), schedule=Schedule(), key=key)


class TestMany:
    module = MLP((4,), 2)
    schedule = Schedule(
        learning_rate=0.2, batch_size=8, tolerance=5e-3, min_epochs=3, max_epochs=40
    )
    row_sets = (np.arange(24), np.array([3, 3, 8]), np.arange(0), np.arange(5, 18), np.arange(9))

    @pytest.fixture
    def variables(self, blobs):
        return initialise(self.module, jax.random.key(4), blobs.inputs)

    def run(self, blobs, variables, **options):
        options = {"schedule": self.schedule, "key": jax.random.key(5), **options}
        return list(train_many(self.module, variables, blobs, self.row_sets, **options))

    def test_side_by_side_as_alone(self, blobs, variables):
        alone, pairs, group_size = (self.run(blobs, variables, group_size=n) for n in (1, 2, 5))
        for one, *others in zip(alone, pairs, group_size, strict=True):
            for other in others:
                assert (one.epochs, one.converged) == (other.epochs, other.converged)
                np.testing.assert_allclose(one.losses, other.losses, rtol=1e-4)
        assert len({one.epochs for one in alone}) > 2  # each stops by itself

    def test_no_rows_leave_the_network_untrained(self, blobs, variables):
        untrained = self.run(blobs, variables, group_size=5)[2]
        assert (untrained.epochs, untrained.converged) == (0, True)
        jax.tree.map(np.testing.assert_array_equal, untrained.variables, variables)

    def test_progress(self, blobs, variables):
        seen = []
        self.run(blobs, variables, group_size=5, progress=lambda *args: seen.append(args))
        assert seen[0] == (25, 40, "train")


def test_convolutions_go_one_by_one_on_a_processor():
    assert default_group_size({"kernel": np.zeros((5, 5, 1, 3))}) >= 1
    assert default_group_size({"kernel": np.zeros((5000, 5000))}) == 1
    assert default_group_size({"kernel": np.zeros((5, 5))}) > 1
