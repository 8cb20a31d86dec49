"""The record of a run over rows, on digits in place of MNIST."""

import numpy as np
import pytest

from davinz_jax.evaluation import detection_auc
from experiments import value
from experiments.runtime import saved
from experiments.studies.finetuning import mnist_rows


@pytest.fixture
def folder(run_command):
    return run_command(
        value.main, "value", "data=digits", "data.num_rows=40", "data.num_validation_rows=12",
        "players=rows", "corruption=flip_labels", "corruption.fraction=0.2", "semivalue=shapley",
        "semivalue.method=antithetic", "semivalue.num_samples=6", "per_validation_row=true",
    )  # fmt: skip


def test_what_is_kept_agrees_with_the_run(folder):
    found, valuation = mnist_rows.record(folder, 12.5, 7.0), saved.valuation(folder)
    assert (found["num_rows"], found["num_validation_rows"], found["num_samples"]) == (40, 12, 6)
    assert found["by_validation_row"]["mean_off_by"] < 1e-12
    limits = valuation.intervals()
    clear = np.mean(limits.prod(axis=1) > 0)
    assert found["values"]["share_clear_of_zero"] == pytest.approx(clear)
    detected = found["detection"]
    assert detected["shapley"]["low"] <= detected["shapley"]["auc"] <= detected["shapley"]["high"]
    said = saved.result(folder)["worst_rows"]["detection"]["auc"]
    assert detected["leave_one_out_margin"]["auc"] == said


def test_an_area_is_that_of_the_lowest_scores():
    """Of scores 0..9 the two lowest are wrong: area 1; of the two highest, 0."""
    score, wrong = np.arange(10.0), np.arange(10) < 2
    assert mnist_rows.area(score, wrong)["auc"] == detection_auc(score, wrong) == 1
    assert mnist_rows.area(-score, wrong)["auc"] == 0
