"""Kept results, the page that is made of them, and their figures, from one made-up run."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.files import write_whole
from experiments.report.estimates import Estimates, Number
from experiments.runtime import outputs
from experiments.studies.reproduce import page
from experiments.studies.reproduce.figures import DRAWN, figure_of
from experiments.studies.reproduce.folders import JobFolder
from experiments.studies.reproduce.gallery import pictures
from experiments.studies.reproduce.jobs import Job, Work
from experiments.studies.reproduce.kept import keep, read_kept
from experiments.studies.reproduce.record import Entry

NUMBERS = {
    "correlation": [("spearman", "nu_label", "accuracy"), ("spearman", "log_size", "accuracy")],
    "comparison": [("pearson", "davinz", "accuracy"), ("pearson", "davinz", "loss")],
    "model_robustness": [("spearman", "value", "a and b"), ("spearman", "value", "all pairs")],
    "ablation": [("spearman", "as configured", "reference"), ("spearman", "x=1", "reference")],
    "data_quantity": [("spearman", "value", "size")],
}


def finished(folder, experiment="correlation"):
    """A folder of a finished job, of two seeds and six sets."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"seed": [0, 0, 0, 1, 1, 1], "nu_label": draw.normal(size=6), "log_size": np.arange(6.0),
         "accuracy": draw.random(6), "converged": [True] * 3 + [False] * 3}
    )  # fmt: skip
    numbers = [
        Number(*key, seed, 0.8 + seed / 10) for key in NUMBERS[experiment] for seed in (0, 1)
    ]
    result = {
        "experiment": experiment,
        "seeds": [0, 1],
        "estimates": Estimates.of(numbers, level=0.95).records(),
        "verdicts": ["ν tracks | accuracy"],
        "config": {"level": 0.95},
        "overrides": ["experiment=correlation_medium_mnist"],
        "versions": {"device": "cpu", "jax": "1", "commit": "abc"},
    }
    writers = {"measurements.csv": outputs.csv_writer(frame),
               "result.json": outputs.result_writer(result)}  # fmt: skip
    write_whole(folder, writers)
    arguments = ("experiment=correlation_medium_mnist",)
    job = Job("correlation_medium_mnist", f"experiments.{experiment}", arguments, "?", 1.0, Work())
    return JobFolder(job, folder)


ENTRY = Entry(60.0, 1.0, "does ν track accuracy?", "command", "finished", 90.0)


def test_page_has_claims_numbers_and_what_was_not_run(tmp_path):
    assert keep(finished(tmp_path / "run"), ENTRY, tmp_path / "kept")
    (kept,) = read_kept(tmp_path / "kept").values()
    assert (kept.size, kept.topic) == ("medium", "correlation_mnist")
    text = page.current(tmp_path / "kept")
    assert "| ν (label) tracks what trained networks achieve | 0.85 [" in text
    assert "50% of the trained networks settled" in text
    assert "Took 90 s, estimated 60 s" in text
    assert "| medium | comparison_medium_mnist |" in text
    assert "not run here" in text
    assert "1.50 times the estimate" in text


def test_without_results_the_page_says_so(tmp_path):
    assert "No result is kept yet." in page.current(tmp_path)


def test_a_job_that_is_not_finished_is_not_kept(tmp_path):
    folder = finished(tmp_path / "run")
    (folder.path / "result.json").unlink()
    assert not keep(folder, ENTRY, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("experiment", NUMBERS)
def test_every_experiment_has_a_figure(tmp_path, experiment):
    """From the folder of one run; the panels are those that its numbers ask for."""
    folder = finished(tmp_path / "run", experiment)
    (picture,) = pictures(folder.path)
    assert picture.figure is not None
    assert picture.verdicts == ("ν tracks | accuracy",)
    assert len(picture.table()) == len(NUMBERS[experiment])
    assert experiment in DRAWN


def test_no_run_and_no_figure_are_told(tmp_path):
    with pytest.raises(ValueError, match="folder: wanted results of the experiments, got none"):
        pictures(tmp_path)
    assert figure_of("value", pd.DataFrame(), Estimates.of([], level=0.95)) is None
