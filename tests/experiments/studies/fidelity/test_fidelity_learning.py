"""Networks trained on rows: absent classes, units dropped at random, modules that have no hash."""

from typing import Any

import numpy as np
import pytest
from flax import linen as nn

from davinz_jax.models import MLP, initialise
from experiments.studies.fidelity import learning
from experiments.studies.fidelity.learning import (
    Learner,
    Part,
    Training,
    fit_network,
    predict_rows,
)

TRAINING = Training(batch_size=10, max_epochs=25, patience=10)


@pytest.fixture(scope="module")
def rows():
    """90 rows of six classes that overlap."""
    generator = np.random.default_rng(0)
    targets = np.arange(90) % 6
    inputs = (np.eye(6)[targets] + generator.normal(size=(90, 6))).astype(np.float32)
    return Part(inputs, targets)


def accuracy(learner, held, stopping, key):
    variables = initialise(learner.module, key, held.inputs)
    trained = fit_network(learner, variables, held, stopping, key=key)
    predicted = predict_rows(learner, trained.variables, stopping.inputs)
    return (predicted == stopping.targets).mean(), trained


def test_a_class_that_is_absent_does_not_end_training_by_accuracy(rows, key):
    """Its loss grows early, while the three others are still learnt."""
    held = rows.take(np.flatnonzero(rows.targets < 3))
    module = MLP((16,), 6)
    by_loss, early = accuracy(Learner(module, TRAINING, 3e-2), held, rows, key)
    patient = Training(batch_size=10, max_epochs=25, patience=10, by_accuracy=True)
    by_accuracy, late = accuracy(Learner(module, patient, 3e-2), held, rows, key)
    assert late.best_epoch > early.best_epoch
    assert by_accuracy > by_loss + 0.1


class Dropping(nn.Module):
    """A network with units dropped in training, and a field that has no hash."""

    widths: Any

    @nn.compact
    def __call__(self, x, train=False):
        x = nn.relu(nn.Dense(self.widths[0])(x))
        return nn.Dense(6)(nn.Dropout(0.2)(x, deterministic=not train))


def test_units_are_dropped_and_a_module_without_a_hash_is_compiled_once(rows, key):
    learner = Learner(Dropping([16]), TRAINING, 3e-2)
    with pytest.raises(TypeError):
        hash(learner)
    before = learning._make_once.cache_info().misses
    assert accuracy(learner, rows, rows, key)[0] > 0.5
    assert learning._make_once.cache_info().misses == before + 3  # step, tester, predictor
