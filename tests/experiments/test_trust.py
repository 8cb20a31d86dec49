"""The command on a small table: what it leaves, that it goes on, and that `value` repeats it."""

import json
import shutil
import sys

import numpy as np
import pandas as pd
import pytest

from experiments import payout, score, trust, value
from experiments.runtime.app import launch

SMALL = ("minutes=5", "num_sets=10", "num_seeds=2", "num_rows=40")


def start(main, name, folder, *arguments):
    """`python -m experiments.NAME ARGUMENTS` in this process; gives what result.json holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HYDRA_FULL_ERROR", "0")
        patch.setattr(sys, "argv", [name, *arguments, f"hydra.run.dir={folder}"])
        launch(main, name)
    return json.loads((folder / "result.json").read_text())


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Options that name a table of three shops, 160 rows, whose labels can be learnt."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(160, 3)), columns=["age", "dose", "score"])
    frame["label"] = np.where(frame["age"] + frame["dose"] > 0, "ill", "well")
    frame["shop"] = np.array(["a", "b", "c"])[np.arange(160) % 3]
    path = tmp_path_factory.mktemp("table") / "rows.csv"
    frame.to_csv(path, index=False)
    return ("data=table", f"data.path={path}", "data.target=label", "data.party=shop")


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    """The folder of a run, and its result."""
    folder = tmp_path_factory.mktemp("trust")
    return folder, start(trust.main, "trust", folder, *data, *SMALL)


def test_a_run_leaves_answer_numbers_and_figure(run):
    folder, content = run
    assert {"trained", "calibration.png", "report.html", "result.json"} <= {
        path.name for path in folder.iterdir()
    }
    assert list(content["scores"]) == ["utility", "set_score", "knn", "linear", "size"]
    for told in content["scores"].values():
        assert told["spearman"][1] <= told["spearman"][0] <= told["spearman"][2]
        assert told["verdict"] in ("believe", "far_apart", "do_not_use")
    assert content["ground"]["learns"]
    assert content["num_networks"] == 20
    assert content["budget"]["ended_by"] == "count"
    assert content["utility"].startswith("kernel regression (rbf, soft_accuracy")
    page = (folder / "report.html").read_text()
    assert page.index(content["sentence"]) < page.index("Each score against trained networks")
    assert "Beside it, 5 nearest neighbours" in page
    assert "as many as were asked for" in page
    assert (folder / "calibration.png").stat().st_size > 10_000


def test_a_run_that_was_killed_goes_on_to_the_same_numbers(run, data, tmp_path):
    """As a kill leaves it: some networks are kept, the result is not there."""
    folder, content = run
    killed = tmp_path / "killed"
    shutil.copytree(folder / "trained", killed / "trained")
    names = sorted(path.name for path in (killed / "trained").iterdir())
    for name in names[24:]:
        (killed / "trained" / name).unlink()
    kept = {path: path.stat().st_mtime_ns for path in (killed / "trained").iterdir()}
    again = start(trust.main, "trust", killed, *data, *SMALL, f"resume={killed}")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    for entry in ("scores", "sets", "ground", "sentence"):
        assert again[entry] == content[entry]
    assert again["budget"]["spent_minutes"] > content["seconds"]["networks"] / 60 / 2


def test_value_payout_and_score_repeat_its_sentence(run, data, tmp_path, capsys):
    folder, content = run
    alone = ("second_opinion=false", "value.worst=0", f"trust={folder}")
    valued = start(value.main, "value", tmp_path / "valued", *data, *alone)
    assert valued["trust"]["sentence"] == content["sentence"]
    assert valued["trust"]["spearman"] == content["scores"]["utility"]["spearman"]
    assert content["sentence"] in (tmp_path / "valued" / "report.html").read_text()
    paid = start(payout.main, "payout", tmp_path / "paid", f"run={tmp_path / 'valued'}", "budget=9")
    assert paid["trust"] == [content["sentence"]]
    new = pd.read_csv(data[1].removeprefix("data.path=")).head(20).drop(columns="shop")
    new.assign(age=new["age"] + 0.1).to_csv(tmp_path / "new.csv", index=False)
    asked = (f"run={tmp_path / 'valued'}", f"path={tmp_path / 'new.csv'}", "name=north")
    scored = start(score.main, "score", tmp_path / "scored", *asked)
    assert scored["trust"] == [content["sentence"]]
    assert content["sentence"] in (tmp_path / "scored" / "report.html").read_text()
    assert capsys.readouterr().out.count(content["sentence"]) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["kernel=laplace"], "with another kernel; run"),
        (["model=mlp"], "another utility and another kernel and another network"),
        (["data.ignore=[age]"], "with another data; run"),
    ],
)
def test_of_other_data_utility_or_network_it_is_refused(run, data, run_command, options, said):
    with pytest.raises(SystemExit, match=f"trust: wanted a run on the same data.*{said}"):
        run_command(value.main, "value", *data, *options, f"trust={run[0]}")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["minutes=0"], "minutes: wanted a number above 0, got 0; 5 are usual"),
        (["num_sets=9"], "num_sets: wanted at least 10, got 9"),
        (["num_seeds=1"], "num_seeds: wanted at least 2"),
        (["learning_rate=0"], "learning_rate: wanted a number above 0"),
        (["level=1"], "level: wanted a probability"),
        (["resume=."], "resume: wanted the folder of a run of experiments.trust"),
    ],
)
def test_bad_options_are_refused(run_command, options, said):
    with pytest.raises(SystemExit, match=said):
        run_command(trust.main, "trust", *options)


def test_a_folder_that_is_no_trust_run_is_refused(data, run_command, tmp_path):
    with pytest.raises(SystemExit, match="trust: wanted the folder of a finished run"):
        run_command(value.main, "value", *data, f"trust={tmp_path}")
