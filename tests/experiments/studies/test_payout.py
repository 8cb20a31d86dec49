"""Payouts as a person and a program read them."""

import json
from decimal import Decimal

import numpy as np
import pytest

from davinz_jax.semivalues import Valuation
from experiments.studies import payout


@pytest.fixture
def paid():
    """Values 1 and 2 share 10.00."""
    valuation = Valuation(
        "shapley", ("south", "north"), np.array([5, 6]), ("u",), np.array([[[1.0, 2.0]]])
    )
    return valuation.payouts(10, decimals=2)


def test_amounts_are_text_that_sums_to_the_budget(paid):
    content = json.loads(json.dumps(payout.result(paid, 10.0)))
    assert content["total"] == "10.00"
    assert sum(map(Decimal, content["payouts"].values())) == 10
    assert content["payouts"] == {"south": "3.33", "north": "6.67"}


def test_the_page_says_who_is_paid_what_and_sorts_by_it(paid):
    content = payout.result(paid, 10.0) | {"follows": {"kind": "kernel_regression"}, "config": {},
                                           "versions": {"davinz-jax": "1"}}  # fmt: skip
    page = payout.report(payout.table(paid, np.array([0.25, np.nan])), content, 2, ["a note"])
    assert page.answer[0] == "Of 10.00, north is paid most: 6.67 (66.7%)."
    assert "south: 3.33; the money follows kernel regression" in page.answer[1]
    rows = page.sections[0].tables[0].rows
    assert [[cell.order for cell in row[3:]] for row in rows] == [[6.67, 66.7], [3.33, 33.3]]
    assert page.sections[1].points == [("Worth knowing.", "A note.")]


def test_the_best_paid_comes_first(paid, capsys):
    frame = payout.table(paid, np.array([0.25, np.nan]))
    assert frame["stderr"].tolist()[1] == 0.25
    payout.show(frame, "10.00 by shapley", 2)
    printed = capsys.readouterr().out
    assert printed.index("north") < printed.index("south")
    assert "66.7%" in printed
    assert "0.25" in printed
