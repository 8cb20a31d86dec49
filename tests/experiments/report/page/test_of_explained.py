"""Columns of a table in their own unit, whatever they became for the kernel."""

import numpy as np

from davinz_jax import Dataset
from davinz_jax.data import Validation
from davinz_jax.data.tokens import pad_rows, read_tokenizer
from experiments.report.page.of_explained import columns_of
from tests.encoders import write_encoder

ENCODING = {"columns": [{"name": "age", "mean": 50.0, "scale": 10.0},
                        {"name": "sex", "categories": ["f", "m"]}]}  # fmt: skip


def test_numbers_and_words_are_as_in_the_file():
    """A row that is of no known category has an empty cell."""
    inputs = np.array([[0.5, 0, 1], [-1, 1, 0], [0, 0, 0]], np.float32)
    names = ("age", "sex=f", "sex=m")
    data = Dataset(inputs, np.zeros(3), "regression", 1, Validation(inputs), feature_names=names,
                   encoding=ENCODING)  # fmt: skip
    cells = columns_of(data, inputs)
    assert cells.to_dict("list") == {"age": [55.0, 40.0, 50.0], "sex": ["m", "f", ""]}
    assert columns_of(data, np.zeros((3, 4, 4, 1))).shape == (3, 0)


def test_texts_are_read_of_their_tokens(tmp_path):
    folder = write_encoder(tmp_path)
    maker = read_tokenizer(folder, max_tokens=6)
    inputs = pad_rows(maker.encode([("good film",), ("bad",)])[0], pad=maker.pad, width=5)
    data = Dataset(inputs, np.zeros(2), "regression", 1, Validation(inputs),
                   encoding=maker.to_dict(), input_kind="tokens")  # fmt: skip
    assert columns_of(data, inputs).to_numpy().tolist() == [["good film"], ["bad"]]
    (folder / "tokenizer.json").unlink()
    assert columns_of(data, inputs[1:]).to_numpy().tolist() == [["2 5 3 0 0"]]
