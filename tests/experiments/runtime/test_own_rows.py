"""Rows as their source has them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from davinz_jax.data import load_digits
from experiments.runtime.own_rows import own_rows


def test_rows_of_no_table_are_written_decoded_and_in_order(tmp_path):
    digits = load_digits(num_rows=5)
    lines = np.array([5, 4, 3, 2, 1])
    own = own_rows(load_digits, replace(digits, lines=lines))
    own.writer(np.array([True, False, True, False, True]))(tmp_path / "keep.csv")
    kept = pd.read_csv(tmp_path / "keep.csv")
    assert kept["row"].tolist() == [1, 3, 5]
    assert kept["target"].tolist() == digits.targets[[4, 2, 0]].tolist()
