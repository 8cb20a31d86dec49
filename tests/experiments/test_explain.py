"""One validation row explained from saved runs: of rows in folds, of images, of parties."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from davinz_jax.semivalues import Valuation
from experiments import explain, value


@pytest.fixture
def saved_run(run_command, table, tmp_path):
    """A run over the table's rows, which judge each other in folds, out of the next one's way."""

    def run(*more):
        folder = run_command(
            value.main, "value", "data=table", f"data.path={table}", "data.target=label",
            "data.party=hospital", "per_validation_row=true", "value.worst=0", *more,
        )  # fmt: skip
        return folder.rename(tmp_path / "saved")

    return run


def test_rows_of_a_table_with_their_cells(run_command, read_result, saved_run, table):
    """The row is one of the file; players have their line, party, label and the file's cells."""
    saved = saved_run("players=rows")
    judged = pd.read_csv(saved / "validation_rows.csv")
    assert judged["line"].tolist() == list(range(2, 62))
    assert "Validation rows predicted worst" in (saved / "report.html").read_text()
    row = int(judged["its_harm"].idxmin())
    folder = run_command(explain.main, "explain", f"run={saved}", f"row={row}", "most=2")
    frame = pd.read_csv(folder / "explained.csv")
    wanted = Valuation.load(saved / "valuation.npz").for_validation_row(row)
    np.testing.assert_allclose(frame["value"], wanted["value"])
    cells = pd.read_csv(table).iloc[frame["line"] - 2]
    np.testing.assert_allclose(frame["age"], cells["age"])
    assert frame["party"].tolist() == cells["hospital"].tolist()
    content = read_result(folder)
    assert content["validation_row"]["line"] == row + 2
    assert [each["player"] for each in content["helped"]] == frame["player"][:2].tolist()
    assert [each["player"] for each in content["hurt"]] == frame["player"][::-1][:2].tolist()
    page = (folder / "report.html").read_text()
    assert f"What helped, and what hurt, validation row {row} (line {row + 2})?" in page
    assert (folder / "explained.png").read_bytes().startswith(b"\x89PNG")


def test_images_stand_side_by_side_and_sampled_values_have_intervals(
    run_command, read_result, tmp_path
):
    saved = run_command(
        value.main, "value", "data=digits", "data.num_rows=30", "data.num_validation_rows=12",
        "players=rows", "semivalue=shapley", "semivalue.method=antithetic",
        "semivalue.num_samples=8", "per_validation_row=true", "value.worst=0",
    ).rename(tmp_path / "saved")  # fmt: skip
    assert not list(saved.glob("checkpoint*"))
    folder = run_command(explain.main, "explain", f"run={saved}", "row=11", "most=3")
    best = read_result(folder)["helped"][0]
    assert best["low"] < best["value"] < best["high"]
    page = (folder / "report.html").read_text()
    assert page.count("data:image/png") == 7
    assert "Rare samples may have been missed" in page


def test_refusals(run_command, saved_run, table, tmp_path):
    saved = saved_run()
    for arguments, word in (
        (["row=60"], r"row: wanted the number of a validation row, 0 to 59, got 60"),
        (["row=1", "most=0"], "most: wanted 1 or more"),
        (["row=1", "level=2"], "level: wanted a probability"),
        ([], "row"),
    ):
        with pytest.raises(SystemExit, match=word):
            run_command(explain.main, "explain", f"run={saved}", *arguments)
    assert not (tmp_path / "run").exists()
    (saved / "validation_rows.csv").write_text("damaged")
    with pytest.raises(SystemExit, match=r"validation_rows.csv: wanted what a finished run wrote"):
        run_command(explain.main, "explain", f"run={saved}", "row=1")
    kept = Valuation.load(saved / "valuation.npz")
    replace(kept, by_validation_row=None).save(saved / "valuation.npz")
    with pytest.raises(SystemExit, match="value again with per_validation_row=true"):
        run_command(explain.main, "explain", f"run={saved}", "row=1")
