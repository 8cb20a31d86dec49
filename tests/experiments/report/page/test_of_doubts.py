"""What the page of judged rows says, from a command on a table and on images."""

import pytest

from experiments.detect import main
from experiments.report.page.cells import file_cell


def read(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


def test_lines_of_a_table_with_their_own_cells(run_command, tmp_path):
    path = tmp_path / "patients.csv"
    lines = [
        f"{i},<b>{'ab'[i % 2]}</b>,{i % 2},{'north' if i < 20 else 'south'}" for i in range(40)
    ]
    wrong = "0,<b>b</b>,0,north"
    path.write_text("\n".join(["age,ward,label,site", *lines, wrong]) + "\n")
    arguments = ["data=table", f"data.path={path}", "data.target=label", "data.party=site"]
    text = read(run_command(main, "detect", *arguments))
    assert "rows have doubtful labels" in text
    assert "Whose they are" in text
    assert "&lt;b&gt;b&lt;/b&gt;" in text
    assert "<b>" not in text
    assert "python -m experiments.detect data=table" in text


def test_long_texts_are_quoted_and_numbers_shortened(run_command, tmp_path):
    path = tmp_path / "notes.csv"
    text = "<i>slept</i> badly, " + "and so on " * 40
    lines = [f'{i}.123456789012,"{text}{i}",{i % 2},007' for i in range(20)]
    path.write_text("\n".join(["age,remark,label,ward", *lines]) + "\n")
    found = read(run_command(main, "detect", "data=table", f"data.path={path}", "worst=2",
                             "data.target=label", "data.ignore=[remark]"))  # fmt: skip
    assert found.count("<blockquote><p>“&lt;i&gt;slept&lt;/i&gt; badly, and so on") == 2
    assert found.count("…”</p>") == 2
    assert ">remark</button>" not in found
    assert "1.12346</td>" in found
    assert "007</td>" in found


def test_images_are_drawn(run_command):
    text = read(run_command(main, "detect", "data.num_rows=60", "worst=3"))
    assert text.count("data:image/png") == 3
    assert "Whose they are" not in text


@pytest.mark.parametrize(
    ("text", "shown", "order"),
    [("-2,5459046003660784", "-2,5459", -2.5459046003660784), ("1,5", "1,5", 1.5),
     ("1,234.5", "1,234.5", None), ("1,2,3", "1,2,3", None)],
)  # fmt: skip
def test_a_decimal_comma_stays_one(text, shown, order):
    cell = file_cell(text)
    assert (cell.text, cell.order) == (shown, order)
