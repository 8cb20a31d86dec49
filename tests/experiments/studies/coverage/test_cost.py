"""Time of either way on a tiny table."""

import numpy as np

from experiments.studies.coverage.cost import WAYS, cost_records
from experiments.studies.coverage.hospitals import write_tables
from experiments.studies.coverage.ranks import COLUMNS


def test_both_ways_are_timed_in_turn(tmp_path):
    write_tables(tmp_path, np.random.default_rng(0), pool=2)
    table = tmp_path / "patients.csv"
    (record,) = cost_records(table, columns=COLUMNS, num_rows=40, kernels=("rbf",), num_pairs=1)
    assert record["kernel"] == "RBF"
    assert all(record[way] > 0 for way in WAYS)
    assert record["ratios"] == [round(record["ratio"], 2)]
    assert record["ratio"] == record["cross-fitted"] / record["held out"]
