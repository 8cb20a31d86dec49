"""The page says what the kept tally holds."""

from tests.faults import page
from tests.faults.tally import Tally


def tally(tmp_path):
    made = Tally.open(tmp_path / "tally.json")
    for ending in ("accepted", "accepted", "refused"):
        made.add("inputs", "value, table", ending)
    made.about = {
        "python": "3",
        "jax": "1",
        "flax": "2",
        "numpy": "4",
        "device": "cpu",
        "commits": ["a1"],
    }
    made.seconds = {"inputs": 120.0}
    made.find("inputs", "value, table", "traceback: KeyError: 'y'")
    made.mended.append({"part": "inputs", "kind": "payout", "text": "hang: for <ever> | ever"})
    return made


def test_page_by_hand(tmp_path):
    text = page.page(tally(tmp_path))
    assert "Tried in 2 minutes: 3 inputs, 0 inputs through the command line" in text
    assert "| value, table | 3 | accepted 2, refused 1 |" in text
    assert "| traceback | 1 | 0 |" in text
    assert "| hang | 0 | 1 |" in text
    assert "- payout: hang: for ever  ever (1)" in text


def test_page_is_that_of_the_kept_tally():
    """Neither is there before a long run was kept."""
    assert page.PAGE.is_file() == page.KEPT.is_file()
    if page.KEPT.is_file():
        assert page.PAGE.read_text() == page.page(Tally.open(page.KEPT))


def test_what_a_later_run_finds_mended_is_not_shown_as_there(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "KEPT", tmp_path / "kept.json")
    first, second = tally(tmp_path), tally(tmp_path)
    second.mended, second.findings = first.findings, []
    second.about = second.about | {"commits": ["b2"]}
    page.keep([first, second])
    kept = Tally.open(page.KEPT)
    assert not kept.findings
    assert [run["shows"] for run in kept.about["runs"]] == [1, 0]
    text = page.page(kept)
    assert "| 2 | b2 | 2 | 3 inputs | 1 | 0 |" in text
    assert "in which the first findings were mended: 3 inputs, 0 inputs through" in text
