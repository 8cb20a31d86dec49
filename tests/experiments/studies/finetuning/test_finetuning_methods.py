"""Rivals and tuned networks against what they are defined as."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest

from davinz_jax import Dataset
from davinz_jax.data import Validation
from davinz_jax.models import load_pretrained
from experiments.studies.finetuning import analysis, training
from experiments.studies.finetuning.methods import influence
from experiments.studies.finetuning.problem import Problem
from experiments.studies.finetuning.run import choose_rows
from experiments.studies.finetuning.training import Tuner, frozen_states, tuned_layers
from tests.encoders import write_encoder


def weighted_error(kernel, cross, residual, judged, outputs, ridge, weights):
    """Minus half the mean squared error on validation rows of ridge regression with row weights."""
    root = np.sqrt(weights)
    gram = root[:, None] * kernel * root
    fitted = np.linalg.solve(gram + ridge * np.eye(len(gram)), root[:, None] * residual)
    wrong_by = judged - outputs - cross @ (root[:, None] * fitted)
    return -0.5 * np.square(wrong_by).sum() / len(judged)


def test_influence_is_the_derivative_by_a_row_s_weight():
    generator = np.random.default_rng(0)
    features, others = generator.normal(size=(7, 4)), generator.normal(size=(5, 4))
    kernel, cross = features @ features.T, others @ features.T
    residual, outputs = generator.normal(size=(7, 3)), generator.normal(size=(5, 3))
    judged = np.eye(3)[[0, 1, 2, 0, 1]]
    made = SimpleNamespace(
        blocks=kernel[None, None], residual=residual[None], validation_kernel=cross[None],
        validation_outputs=outputs[None],
    )  # fmt: skip
    found, step = influence(made, judged, 0.3), 1e-5
    for row in range(7):
        up, down = np.ones(7), np.ones(7)
        up[row] += step
        down[row] -= step
        each = [
            weighted_error(kernel, cross, residual, judged, outputs, 0.3, w) for w in (up, down)
        ]
        np.testing.assert_allclose(found[row], (each[0] - each[1]) / (2 * step), rtol=1e-5)


def test_layers_tuned_are_the_last():
    assert tuned_layers(2, 6) == "layer_(4|5)/|head"
    assert tuned_layers(1, 1) == "layer_(0)/|head"


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    """Rows of five tokens whose class goes by the third, padded at the end."""
    folder = write_encoder(tmp_path_factory.mktemp("encoder"))
    model, variables = load_pretrained(folder, num_outputs=2, key=jax.random.key(0))
    generator = np.random.default_rng(1)
    inputs = generator.integers(8, 14, (40, 5)).astype(np.int32)
    inputs[:, 0], inputs[::2, 4] = 2, 0
    labels = np.arange(40) % 2
    inputs[:, 2] = np.where(labels, 4, 5)
    judged = Validation(inputs[::-1].copy(), labels[::-1].copy())
    dataset = Dataset(inputs, labels, "classification", 2, judged, input_kind="tokens")
    return Problem(dataset, np.zeros(40, bool), ["text"] * 40, model, variables)


def test_the_tail_on_frozen_states_is_the_whole_network(problem):
    tuner = Tuner(problem, 1, 1)
    inputs = problem.dataset.inputs
    states = frozen_states(problem, inputs, 1, batch=16)
    tail = tuner._tail
    params = tail.start(problem.variables, jax.random.key(3))
    params["head"] = problem.variables["params"]["head"]
    found = jax.jit(tail.apply)(params, states, inputs != 0)
    wanted = problem.model.apply(problem.variables, inputs)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_tuned_network_learns_what_its_rows_say(problem, monkeypatch):
    monkeypatch.setattr(training, "RATE", 1e-3)
    monkeypatch.setattr(training, "BATCH", 8)
    few = Tuner(problem, 1, 150)
    found = few.accuracy(np.arange(40), 0)
    assert found > 0.9
    assert few.accuracy(np.arange(40), 0) == found


def test_intervals_are_paired():
    """The same resamples for all: a method is not told apart from itself, however wide its own."""
    generator = np.random.default_rng(2)
    wrong = np.arange(60) < 10
    margin = generator.normal(size=60) - wrong
    found = analysis.aucs(
        {"tangent_margin": margin, "same": margin, "random": generator.normal(size=60)},
        wrong, key=jax.random.key(0), level=0.9,
    )  # fmt: skip
    assert found["same"]["margin_less_low"] == found["same"]["margin_less_high"] == 0
    assert found["same"]["low"] < found["same"]["auc"] < found["same"]["high"]
    accuracies = {("tangent_shapley", "class_top"): (0.9, 0.7),
                  ("random", "class_top"): (0.8, 0.6)}  # fmt: skip
    records = [
        {"method": method, "side": side, "seed": seed, "accuracy": value}
        for (method, side), values in accuracies.items()
        for seed, value in enumerate(values)
    ]
    (_, ours) = analysis.tuned(records, level=0.95)
    np.testing.assert_allclose([ours["ahead"], ours["ahead_low"], ours["ahead_high"]], 0.1)
    assert ours["low"] < 0.8 < ours["high"]


def test_rows_are_chosen_of_all_and_of_each_class():
    values, classes = np.arange(12.0)[::-1], np.array([0] * 8 + [1] * 4)
    found = choose_rows(values, classes, 0.25)
    assert {side: rows.tolist() for side, rows in found.items()} == {
        "top": [0, 1, 2], "bottom": [9, 10, 11], "class_top": [0, 1, 8], "class_bottom": [6, 7, 11],
    }  # fmt: skip


def test_a_small_share_is_one_row_not_all():
    few = choose_rows(np.arange(12.0), np.zeros(12, int), 0.01)
    assert [rows.tolist() for rows in few.values()] == [[11], [0], [11], [0]]
