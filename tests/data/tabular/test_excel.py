"""Sheets: the header where it stands, rows by their number, errors by name."""

import io

import pandas as pd
import pytest

from davinz_jax.data import FileOptions, open_table
from davinz_jax.data.tabular.excel import is_excel

pytest.importorskip("openpyxl", reason="openpyxl is not installed")

FRAME = pd.DataFrame(
    {
        "when": pd.to_datetime(["2020-01-01", None, "2020-02-01"]),
        "size": ["1,5", None, "2,25"],
        "n": [1.0, None, 3.0],
    }
)


def book(**sheets):
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        for name, (frame, row) in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False, startrow=row)
    return buffer.getvalue()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(book(First=(FRAME, 2), Other=(FRAME[["n"]], 0), Empty=(FRAME[[]], 0)))
    return path


def test_a_sheet_with_rows_above_and_an_empty_row(path):
    """The header is in row 3, the rows in 4 and 6; row 5 is empty."""
    table = open_table(path)
    assert table.lines.tolist() == [4, 6]
    assert table.frame["size"].tolist() == [1.5, 2.25]
    assert table.frame["when"].tolist() == FRAME["when"].dropna().tolist()
    assert table.notes == (
        "t.xlsx is read as sheet First of Excel, not Other, Empty (sheet names another), "
        "decimal comma in size, empty rows left out: 1",
    )
    assert (table.records, table.ending) == (None, ".csv")


def test_another_sheet(path):
    assert list(open_table(path, FileOptions(sheet="Other")).frame) == ["n"]


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        ("Othr", "sheet: wanted one of First, Other, Empty as in .*; did you mean 'Other'"),
        ("Empty", "sheet: wanted one with a table, got Empty, which is empty in"),
    ],
)
def test_sheets_that_are_not_there(path, sheet, message):
    with pytest.raises(ValueError, match=message):
        open_table(path, FileOptions(sheet=sheet))


def test_damage_is_refused(path):
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(ValueError, match="t.xlsx: wanted a whole zip file"):
        open_table(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(ValueError, match="wanted .xlsx, got .* which is an older Excel file or"):
        open_table(path)


def test_columns_of_one_name_are_refused(path):
    path.write_bytes(book(S=(FRAME.set_axis(["a", "a", "b"], axis=1), 0)))
    with pytest.raises(ValueError, match="wanted names that differ, got a more than once"):
        open_table(path)


def test_recognised_by_its_contents(path):
    assert is_excel(path.read_bytes())
    assert not is_excel(b"PK, b\n")
