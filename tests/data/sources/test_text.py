"""Texts of a file as ids: rows, lines, parties, pairs, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest

from davinz_jax.data import load_text
from tests.encoders import write_encoder

FRAME = pd.DataFrame(
    {
        "note": [
            "good film",
            "awful meal",
            "the film was great",
            "bad",
            "quite good",
            "a bad meal",
        ],
        "label": ["pro", "con", "pro", "con", "pro", "con"],
        "shop": ["x", "y", "x", "y", "y", "x"],
        "name": list("abcdef"),
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def path(tmp_path):
    FRAME.to_csv(tmp_path / "notes.csv", index=False)
    return tmp_path / "notes.csv"


def load(path, folder, key, **settings):
    chosen = {"text": "note", "target": "label", "holdout": "none", "max_tokens": 8} | settings
    return load_text(path, tokenizer=folder, key=key, **chosen)


def test_rows_are_ids_with_lines_classes_and_parties(path, folder, key):
    data = load(path, folder, key, party="shop", id="name")
    assert data.input_kind == "tokens"
    assert data.inputs.dtype == np.int32
    assert data.inputs[0].tolist() == [2, 4, 6, 3, 0, 0]
    assert data.inputs.shape == (6, 6)
    assert data.validation.inputs is data.inputs
    assert data.class_names == ("con", "pro")
    assert data.targets.tolist() == [1, 0, 1, 0, 1, 0]
    assert data.lines.tolist() == [2, 3, 4, 5, 6, 7]
    assert data.ids.tolist() == list("abcdef")
    assert data.parties.names == ("x", "y")
    assert (data.name, data.encoding["kind"], data.encoding["text"]) == ("notes", "text", ["note"])


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_every_form_of_file_gives_the_same_rows(tmp_path, path, folder, key, ending):
    other = tmp_path / f"notes.{ending}"
    if ending == "jsonl":
        FRAME.to_json(other, orient="records", lines=True)
    else:
        FRAME.to_parquet(other)
    found, wanted = load(other, folder, key), load(path, folder, key)
    np.testing.assert_array_equal(found.inputs, wanted.inputs)
    np.testing.assert_array_equal(found.targets, wanted.targets)


def test_pairs_and_a_validation_file_of_another_length(tmp_path, path, folder, key):
    """A pair is [CLS] a [SEP] b [SEP]; both files are padded to the longest row of either."""
    held = tmp_path / "held.csv"
    FRAME[["note", "name"]].assign(note="the film was quite good", name="bad").to_csv(held)
    data = load(path, folder, key, text=["note", "name"], validation_path=held, max_tokens=12)
    assert data.inputs[0].tolist() == [2, 4, 6, 3, 12, 3, 0, 0, 0]
    assert data.validation.inputs[0].tolist() == [2, 10, 6, 11, 13, 4, 3, 5, 3]
    assert data.validation.targets is None


def test_texts_that_are_cut_are_counted(path, folder, key):
    """Five tokens hold three words: one text of four, of the rows valued or held out."""
    data = load(path, folder, key, max_tokens=5)
    assert "texts cut to 5 tokens: 1 of 6 rows; data.max_tokens takes more" in data.notes
    assert data.inputs[2].tolist() == [2, 10, 6, 11, 3]
    held = load(path, folder, key, max_tokens=5, holdout=0.5)
    note = next(note for note in held.notes if "cut" in note)
    assert "of 3 rows and" in note


def test_a_number_is_a_target_and_words_like_null_are_texts(tmp_path, folder, key):
    path = tmp_path / "scores.csv"
    path.write_text('note,score\nnull,1.5\nNA,2.5\n"12",3.5\n')
    data = load(path, folder, key, target="score")
    assert data.task == "regression"
    assert data.inputs.shape == (3, 3)
    np.testing.assert_allclose(data.targets, np.array([-1, 0, 1]) * np.sqrt(1.5), rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text": "nte"}, "text: wanted a column of the table, got nte; did you mean 'note'"),
        ({"text": "label"}, "text: wanted one column, or two .* got label"),
        ({"text": ["note", "name", "shop"]}, "text: wanted one column, or two for a pair"),
        ({"target": "lable"}, "target: wanted a column of the table, got lable"),
        ({"max_tokens": 13}, "max_tokens: wanted at most 12, the positions"),
    ],
)
def test_bad_settings_are_named(path, folder, key, settings, message):
    with pytest.raises(ValueError, match=message):
        load(path, folder, key, **settings)


def test_empty_texts_are_refused_by_their_lines(tmp_path, folder, key):
    path = tmp_path / "gaps.jsonl"
    rows = [{"note": "good", "label": "pro"}, {"note": "  ", "label": "con"}, {"label": "con"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    message = r"text: wanted words in every row, got none in 2 of 3 rows \(note in line 2, 3 of"
    with pytest.raises(ValueError, match=message):
        load(path, folder, key)


def test_a_gap_of_the_target_is_refused(tmp_path, folder, key):
    path = tmp_path / "gaps.csv"
    path.write_text("note,label\ngood,pro\nbad,\nfilm,con\n")
    with pytest.raises(ValueError, match=r"label \(1 gap\)"):
        load(path, folder, key)


def test_an_earlier_encoding_keeps_its_classes(tmp_path, path, folder, key):
    """Rows of one class alone have the label that the class had; other tokens are refused."""
    earlier = load(path, folder, key).encoding
    held = tmp_path / "held.csv"
    FRAME[FRAME["label"] == "pro"].to_csv(held, index=False)
    data = load(path, folder, key, validation_path=held, schema=earlier)
    assert data.validation.targets.tolist() == [1, 1, 1]
    assert data.encoding == earlier
    with pytest.raises(ValueError, match="schema: wanted one of the target label"):
        load(path, folder, key, schema=earlier, max_tokens=7)
