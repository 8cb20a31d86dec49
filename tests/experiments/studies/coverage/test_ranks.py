"""Containment of ranks by hand."""

import pandas as pd

from experiments.studies.coverage.ranks import contained, summarise_tables


def test_contained_by_hand():
    """Two seeds, two players: seed 0 says [1, 1] and [2, 2]; seed 1 says [1, 2] for both."""
    frame = pd.DataFrame(
        {
            "seed": [0, 0, 1, 1],
            "player": ["a", "b", "a", "b"],
            "rank": [1, 2, 2, 1],
            "rank_low": [1, 2, 1, 1],
            "rank_high": [1, 2, 2, 2],
        }
    )
    assert contained(frame) == 6 / 8


def test_tables_by_hand():
    """Errors 1 and −3 with intervals that reach 2: one of two is held; root mean square √5."""
    frame = pd.DataFrame(
        {
            "way": "held out",
            "player": ["Noisy", "b"],
            "value": [1.0, 5.0],
            "truth": [0.0, 8.0],
            "low": [-1.0, 3.0],
            "high": [3.0, 7.0],
            "stderr": [1.0, 1.0],
            "rank": [5, 1],
        }
    )
    (record,) = summarise_tables(frame)
    assert record["coverage"] == 0.5
    assert round(record["error"] ** 2, 9) == 5
    assert record["Noisy last"] == 1
