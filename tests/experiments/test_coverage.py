"""The command at smoke size: what it writes, that pieces are kept, and what the page says."""

import json
import sys

import pytest

from experiments.coverage import main
from experiments.runtime.app import launch
from experiments.studies.coverage import page, redraws


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folder of one smoke run."""
    made = tmp_path_factory.mktemp("coverage")
    _launch(made)
    return made


def _launch(folder, *arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["coverage", f"hydra.run.dir={folder}", *arguments])
        launch(main, "coverage")


def test_a_smoke_run_leaves_every_case(folder):
    content = json.loads((folder / page.RESULT).read_text())
    assert [each["case"] for each in content["coverage"]] == list(redraws.CASES)
    assert all(0 <= each["coverage"] <= 1 for each in content["coverage"])
    assert [each["way"] for each in content["seeds"]] == ["held out", "cross-fitted"]
    assert all(each["ranks inside"] >= each["inside before"] for each in content["seeds"])
    assert {each["way"] for each in content["tables"]} == {"held out", "cross-fitted"}


def test_a_second_run_reads_the_pieces(folder, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(redraws, "cover", refuse)
    before = json.loads((folder / page.RESULT).read_text())
    _launch(folder, "overwrite=true")
    after = json.loads((folder / page.RESULT).read_text())
    assert {k: after[k] for k in ("coverage", "seeds", "tables")} == {
        k: before[k] for k in ("coverage", "seeds", "tables")
    }


def test_the_page_says_the_numbers_of_the_file(folder):
    text, content = page.current(folder), json.loads((folder / page.RESULT).read_text())
    for record in content["coverage"]:
        assert f"| {record['case']} |" in text
    assert f"| {page.text(content['tables'][0]['error'])} |" in text


def test_the_report_answers_first_and_warns_of_a_smoke_run(folder):
    content, text = (folder / page.RESULT).read_text(), (folder / "report.html").read_text()
    least = min(each["coverage"] for each in json.loads(content)["coverage"])
    assert f"Intervals that promise 95% hold the value in {least:.1%} to" in text
    assert "2 redraws are too few to tell; set size=reduced." in text
    assert "python -m experiments.coverage" in text


def test_the_kept_page_is_made_of_the_kept_file():
    if not (page.KEPT / page.RESULT).is_file():
        pytest.skip("no result is kept")
    assert page.PAGE.read_text() == page.current()
