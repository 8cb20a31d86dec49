"""Figures of the kept study, by the utilities that a run describes."""

import json

import pytest

from experiments.report.fidelity import KEPT, compare_fidelity

NU = {"kind": "davinz", "complexity": {"output": "label"}}
KEPT_MEANS = {"nu_label": 0.1, "nu_trace": 0.2, "rbf_accuracy_loo": 0.8, "rbf_mse_loo": 0.6,
              "ntk_ensemble_accuracy_loo": 0.9, "features_accuracy_loo": 0.5}  # fmt: skip


@pytest.fixture
def kept(tmp_path):
    specs = [{"role": "showing", "num_sets": 3}, {"role": "choosing", "num_sets": 50},
             {"role": "showing", "num_sets": 4}]  # fmt: skip
    showing = {name: {"mean": [mean, 0, 1]} for name, mean in KEPT_MEANS.items()}
    path = tmp_path / "fidelity.json"
    path.write_text(json.dumps({"showing": showing, "specs": specs}))
    return path


@pytest.mark.parametrize(
    ("regression", "wanted"),
    [
        ({"kernel": "rbf", "metric": "soft_accuracy"}, 0.8),
        ({"kernel": "rbf", "metric": "mse"}, 0.6),
        ({"metric": "mse", "is_ensemble": True}, 0.9),
        ({"kernel": "network_features", "metric": "accuracy"}, 0.5),
    ],
)
def test_of_the_kernel_and_metric_at_hand(kept, regression, wanted):
    found = compare_fidelity({"kind": "kernel_regression"} | regression, NU, kept)
    assert (found.first, found.second, found.num_sets) == (wanted, 0.1, 7)


def test_rows_are_valued_by_another_nu(kept):
    rows = {"kind": "davinz", "complexity": {"output": "trace"}}
    assert compare_fidelity(rows, NU, kept).first == 0.2


def test_nothing_is_said_of_what_was_not_looked_at(kept, tmp_path):
    own = {"kind": "kernel_regression", "kernel": "mine", "metric": "accuracy"}
    assert compare_fidelity(own, NU, kept) is None
    assert compare_fidelity(NU, NU, tmp_path / "nowhere.json") is None


def test_the_kept_study_has_both_defaults():
    found = compare_fidelity({"kind": "kernel_regression", "kernel": "rbf"}, NU)
    shown = json.loads(KEPT.read_text())["showing"]
    assert found.first == shown["rbf_accuracy_loo"]["mean"][0] > found.second
    assert found.second == shown["nu_label"]["mean"][0]
