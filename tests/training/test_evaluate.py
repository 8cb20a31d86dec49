"""Performance on a validation set."""

import numpy as np
import pytest

from davinz_jax.models import MLP
from davinz_jax.training import Performance, evaluate


def identity(outputs):
    return {"params": {"out": {"kernel": np.eye(2, outputs, dtype=np.float32)}}}


def test_accuracy_by_hand():
    """The identity says class 1 for rows 0 and 2 of three; labels 1, 1, 0 make one right."""
    inputs = np.array([[0, 1], [1, 0], [0, 2]], np.float32)
    found = evaluate(MLP((), 2), identity(2), inputs, np.array([1, 1, 0]), "classification")
    assert found.accuracy == pytest.approx(1 / 3)
    wanted = np.mean([np.log(1 + np.exp(d)) for d in (-1, 1, 2)])
    assert found.loss == pytest.approx(wanted, rel=1e-6)
    assert found.score == found.accuracy


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 7])
def test_batches_change_nothing(batch_size):
    inputs = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    targets = np.arange(5).astype(np.float32)
    found = evaluate(MLP((), 1), identity(1), inputs, targets, "regression", batch_size=batch_size)
    assert found.loss == pytest.approx(np.mean((inputs[:, 0] - targets) ** 2), rel=1e-6)
    assert found == Performance(found.loss, None)
    assert found.score == -found.loss


def test_empty_target_set_is_refused():
    with pytest.raises(ValueError, match="inputs: wanted a validation set with rows"):
        evaluate(MLP((), 1), identity(1), np.zeros((0, 2)), np.zeros(0), "regression")
