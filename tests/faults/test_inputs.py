"""Generated inputs of every command: a whole, sound result, or one helpful message."""

import pytest
from hypothesis import strategies as st

from tests.faults import inputs
from tests.faults.cases import Case
from tests.faults.commands import run_apart, run_here
from tests.faults.run import generate, try_case
from tests.faults.tables import tables

FEW = {"value, table": 2, "value, arrays": 1, "value, images": 1, "value, options": 5,
       "detect": 2, "payout": 5, "score": 1, "collect": 6}  # fmt: skip
"""How many of each kind are tried every time; many more are when run slowly."""


def check(kind, count, number, folder, saved, *, runner=run_here, tangent=True) -> None:
    """Try so many inputs of a kind, and tell all that is wrong with any."""
    found: list[str] = []

    def try_one(case: Case) -> None:
        _, texts = try_case(case, folder, runner, saved)
        found.extend(f"{text}\n    by {case.arguments} ({case.about})" for text in texts)

    generate(inputs.every(tangent=tangent)[kind], count, number, try_one)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("kind", FEW)
def test_inputs(kind, tmp_path, saved):
    check(kind, FEW[kind], 0, tmp_path, saved, tangent=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", inputs.SHARES)
def test_many_inputs(kind, tmp_path, saved):
    for number in range(1, 6):
        check(kind, 4 * inputs.SHARES[kind], number, tmp_path, saved)


@pytest.mark.slow
@pytest.mark.parametrize("kind", inputs.SHARES)
def test_command_line(kind, tmp_path, saved):
    check(kind, 3, 1, tmp_path, saved, runner=run_apart)


def test_same_number_gives_the_same_inputs():
    first, second = [], []
    for drawn in (first, second):
        generate(inputs.every()["value, table"], 5, 3, drawn.append)
    assert first == second
    assert len(first) >= 5


def test_an_input_is_kept_as_json():
    drawn: list[Case] = []
    generate(st.one_of(*inputs.every().values()), 20, 0, drawn.append)
    assert [Case.from_json(case.to_json()) for case in drawn] == drawn


def test_sound_tables_are_to_be_accepted():
    drawn = []
    generate(tables(flawed=False), 10, 0, drawn.append)
    assert {table.wanted for table in drawn} == {"accepted"}
    assert {table.about for table in drawn} == {""}
