"""Results that are kept, and runs that may go on in their own folder."""

import json

from experiments.report.page.document import Document
from experiments.studies.kept import Shelf, decisive, is_result_of, leave


def test_places_of_files_decide_nothing():
    assert decisive({"seed": 1, "root": "a", "store": "b", "keep": True, "overwrite": True}) == {
        "seed": 1
    }


def test_a_result_of_the_same_options_is_known(tmp_path):
    path = tmp_path / "result.json"
    assert not is_result_of({"seed": 1}, path)
    path.write_text(json.dumps({"config": {"seed": 1}}))
    assert is_result_of({"seed": 1, "keep": True}, path)
    assert not is_result_of({"seed": 2}, path)


def test_files_are_kept_and_the_page_made_only_on_a_shelf(tmp_path, capsys):
    made = []
    shelf = Shelf(tmp_path / "results", tmp_path / "page.md", lambda: made.append(1))
    files = {"a.txt": lambda path: path.write_text("a")}
    report = Document("a study", ["an answer"])
    leave(files, tmp_path / "run", None, report=report)
    assert made == []
    assert not shelf.folder.exists()
    leave(files, tmp_path / "run", shelf, report=report)
    assert made == [1]
    assert "an answer" in (tmp_path / "run" / "report.html").read_text()
    assert not (shelf.folder / "report.html").exists()
    assert (tmp_path / "run" / "a.txt").read_text() == (shelf.folder / "a.txt").read_text() == "a"
    assert "page.md is made of it" in capsys.readouterr().out
