"""Texts as ids of a tokenizer of ten words, from good, bad and film as 4, 5 and 6 on."""

import builtins
import json

import pytest

from davinz_jax.data.tokens import pad_rows, read_tokenizer, widen_rows
from tests.encoders import POSITIONS, write_encoder, write_json


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder"))


def test_own_settings_of_cutting_and_padding_do_not_count(folder):
    """The file says four tokens and nine of padding; here six are taken, and none is added."""
    found, num_cut = read_tokenizer(folder, max_tokens=6).encode([("good film",), ("bad " * 9,)])
    assert found == [[2, 4, 6, 3], [2, 5, 5, 5, 5, 3]]
    assert num_cut == 1


def test_rows_read_as_texts_again_without_what_is_not_of_them(folder):
    maker = read_tokenizer(folder, max_tokens=6)
    ids, _ = maker.encode([("good film",), ("bad " * 9,)])
    assert maker.decode(pad_rows(ids, pad=maker.pad, width=6)) == ["good film", "bad bad bad bad"]


def test_of_a_pair_the_longer_text_is_cut(folder):
    found, num_cut = read_tokenizer(folder, max_tokens=7).encode([("good " * 5, "bad film")])
    assert found == [[2, 4, 4, 3, 5, 6, 3]]
    assert num_cut == 1


def test_rows_are_filled_at_their_end():
    assert pad_rows([[2, 3], [2]], pad=9, width=4).tolist() == [[2, 3, 9, 9], [2, 9, 9, 9]]


def test_padding_is_that_of_the_config_else_of_the_tokenizer(tmp_path):
    folder = write_encoder(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", config | {"pad_token_id": 7})
    assert read_tokenizer(folder, max_tokens=8).pad == 7
    (folder / "config.json").unlink()
    assert read_tokenizer(folder / "tokenizer.json", max_tokens=500).pad == 0


@pytest.mark.parametrize(
    ("place", "max_tokens", "error", "message"),
    [
        (None, 8, ValueError, "tokenizer: wanted a folder .* set model=bert and model.weights"),
        ("nowhere", 8, FileNotFoundError, "tokenizer: wanted tokenizer.json, got no .*nowhere"),
        ("config.json", 8, ValueError, "tokenizer: wanted one of the package tokenizers, got"),
        (".", POSITIONS + 1, ValueError, "max_tokens: wanted at most 12, the positions in"),
    ],
)
def test_refusals_name_the_argument(folder, place, max_tokens, error, message):
    with pytest.raises(error, match=message):
        read_tokenizer(None if place is None else folder / place, max_tokens=max_tokens)


def test_no_room_for_a_text_is_refused(folder):
    with pytest.raises(ValueError, match="max_tokens: wanted at least 5, .* got 4"):
        read_tokenizer(folder, max_tokens=4).encode([("good", "bad")])


def test_without_the_package_the_extra_is_named(folder, monkeypatch):
    found = builtins.__import__

    def refuse(name, *arguments, **more):
        if name == "tokenizers":
            raise ModuleNotFoundError(name=name)
        return found(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"tokenizers: wanted it installed.*davinz-jax\[text\]"):
        read_tokenizer(folder, max_tokens=8)


def test_rows_are_widened_at_their_end():
    assert widen_rows(pad_rows([[2, 3]], pad=9, width=2), 4, pad=9).tolist() == [[2, 3, 9, 9]]
