"""The rows that `value` names are those that `detect` finds, with the same margins."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments import detect, value
from experiments.studies import worst_rows
from experiments.studies.worst_rows import computed_kernel


@pytest.fixture
def arguments(table):
    return ("data=table", f"data.path={table}", "data.target=label", "data.party=hospital")


def test_rows_are_those_of_detect_to_the_last_digit(run_command, read_result, arguments):
    """In cross-fitting every row is valued, so that both commands judge the same rows."""
    folder = run_command(value.main, "value", *arguments, "value.worst=9")
    worst = pd.read_csv(folder / "worst_rows.csv", dtype=str)
    kernel = read_result(folder)["worst_rows"]["kernel"]
    folder = run_command(detect.main, "detect", *arguments)
    every = pd.read_csv(folder / "rows.csv", dtype=str)
    order = np.argsort(every["margin"].astype(float), kind="stable")[:9]
    pd.testing.assert_frame_equal(worst, every.iloc[order].reset_index(drop=True))
    assert kernel == read_result(folder)["kernel"]


def test_held_out_rows_are_not_judged_and_lines_stay_the_files_own(run_command, table, arguments):
    folder = run_command(value.main, "value", *arguments, "players=rows", "value.worst=100",
                         "data.holdout=0.2")  # fmt: skip
    worst, values = (pd.read_csv(folder / f"{name}.csv") for name in ("worst_rows", "values"))
    assert len(worst) == len(values) == 48
    assert worst["margin"].is_monotonic_increasing
    file = pd.read_csv(table).assign(line=np.arange(2, 62)).set_index("line")
    own = file.loc[worst["line"]]
    assert own["hospital"].tolist() == worst["party"].tolist()
    assert own["age"].tolist() == pytest.approx(worst["age"].tolist())
    assert values["player"].tolist() == [f"line_{line}" for line in values["line"]]
    assert values["label"].tolist() == file.loc[values["line"], "label"].tolist()


def test_rows_that_cannot_be_judged_leave_a_note(monkeypatch, run_command, arguments, capsys):
    def refuse(*_):
        raise ValueError("targets: wanted two classes or more, got only 1")

    monkeypatch.setattr(worst_rows, "judge", refuse)
    folder = run_command(value.main, "value", *arguments)
    assert not (folder / "worst_rows.csv").exists()
    printed = " ".join(capsys.readouterr().out.split())
    assert "worst_rows.csv is left out: targets: wanted two classes or more" in printed


def test_a_network_that_sees_no_other_class_is_not_asked():
    one, several = (SimpleNamespace(residual=np.zeros((1, 4, k))) for k in (1, 3))
    dataset = SimpleNamespace(task="classification", num_classes=3)

    def choose(kind, *computed):
        made = SimpleNamespace(computed_kernels=computed, regression_kernel=lambda: one)
        return computed_kernel(SimpleNamespace(ingredients=made, dataset=dataset), kind)

    assert choose("davinz", one) is None
    assert choose("davinz", one, several) is several
    assert choose("kernel_regression") is None
