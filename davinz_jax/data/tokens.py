"""Texts as rows of token ids, by the tokenizer that belongs to pretrained weights."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from davinz_jax.extras import from_extra

TOKENIZER, CONFIG = "tokenizer.json", "config.json"
PADS = ("[PAD]", "<pad>")
"""Words for padding, where neither the weights' config nor the tokenizer's own settings tell it."""


@dataclass(frozen=True)
class TextTokenizer:
    """Makes rows of ids of texts, or of pairs of them.

    Attributes:
        tokenizer: of the package tokenizers; neither cuts nor pads by its own settings.
        source: the file that it is from.
        pad: id of padding.
        max_tokens: tokens of a row at most, those between and around texts among them.
    """

    tokenizer: Any
    source: Path
    pad: int
    max_tokens: int

    def encode(self, texts: Sequence[tuple[str, ...]]) -> tuple[list[list[int]], int]:
        """Ids of each text or pair, and how many were cut.

        Of a pair the longer one is cut first.

        Raises:
            ValueError: if no token of a text is left room beside those around it.
        """
        is_pair = len(texts[0]) > 1
        least = self.tokenizer.num_special_tokens_to_add(is_pair) + len(texts[0])
        if self.max_tokens < least:
            raise ValueError(
                f"max_tokens: wanted at least {least}, for the tokens around texts and one of "
                f"each, got {self.max_tokens}; set data.max_tokens=64"
            )
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(self.max_tokens, strategy="longest_first")
        found = self.tokenizer.encode_batch([each if is_pair else each[0] for each in texts])
        return [each.ids for each in found], sum(bool(each.overflowing) for each in found)

    def decode(self, rows: Int[np.ndarray, "n t"]) -> list[str]:
        """The text of each row as it was encoded: cut, and by the tokenizer's own spelling."""
        return list(self.tokenizer.decode_batch(rows.tolist(), skip_special_tokens=True))

    def to_dict(self) -> dict[str, Any]:
        """What encodes further texts alike, as JSON would hold it."""
        return {
            "tokenizer": str(self.source),
            "tokenizer_sha256": hashlib.sha256(self.source.read_bytes()).hexdigest(),
            "max_tokens": self.max_tokens,
            "pad": self.pad,
        }


def pad_rows(ids: Sequence[Sequence[int]], *, pad: int, width: int) -> Int[np.ndarray, "n t"]:
    """Rows of one width, filled at their end.

    >>> pad_rows([[5, 6], [7]], pad=0, width=3).tolist()
    [[5, 6, 0], [7, 0, 0]]
    """
    rows = np.full((len(ids), width), pad, np.int32)
    for row, own in zip(rows, ids, strict=True):
        row[: len(own)] = own
    return rows


def widen_rows(rows: Int[np.ndarray, "n t"], width: int, *, pad: int) -> Int[np.ndarray, "n w"]:
    """Rows filled at their end to a width that they do not exceed."""
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=pad)


def read_tokenizer(place: str | os.PathLike[str] | None, *, max_tokens: int = 64) -> TextTokenizer:
    """The tokenizer of a folder of pretrained weights, or of a file tokenizer.json.

    Its own settings of cutting and padding do not count. Where config.json lies beside it, the
    id of padding is the one by which the weights' encoder masks, and its positions bound a row.

    Args:
        place: folder or file.
        max_tokens: tokens of a row at most.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: for a file that is no tokenizer, one without padding, or more tokens than the
            encoder has positions.
        ImportError: without the extra `text`.
    """
    if place is None:
        raise ValueError(
            f"tokenizer: wanted a folder with {TOKENIZER}, got none; set model=bert and "
            "model.weights=DIR, whose tokenizer is taken, or data.tokenizer"
        )
    path = Path(place) / TOKENIZER if Path(place).is_dir() else Path(place)
    if not path.is_file():
        raise FileNotFoundError(
            f"tokenizer: wanted {TOKENIZER}, got no {path}; name the folder of a pretrained "
            "encoder, saved with its fast tokenizer"
        )
    with from_extra("text"):
        from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises no narrower one
        raise ValueError(
            f"tokenizer: wanted one of the package tokenizers, got {error} in {path}; save the "
            "fast tokenizer again"
        ) from error
    config = _read_config(path.with_name(CONFIG))
    pad = _pad(tokenizer, config, path)
    _check_positions(max_tokens, config, pad, path)
    return TextTokenizer(tokenizer, path, pad, max_tokens)


def _read_config(path: Path) -> dict[str, Any]:
    """The config of the weights beside a tokenizer; empty where there is none to read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pad(tokenizer: Any, config: dict[str, Any], path: Path) -> int:
    known = [config.get("pad_token_id"), (tokenizer.padding or {}).get("pad_id")]
    known += [tokenizer.token_to_id(word) for word in PADS]
    found = next((each for each in known if each is not None), None)
    if found is None:
        raise ValueError(
            f"tokenizer: wanted a token for padding, got none in {path}; give config.json a "
            "pad_token_id"
        )
    return int(found)


def _check_positions(max_tokens: int, config: dict[str, Any], pad: int, path: Path) -> None:
    """Refuse rows longer than the encoder's table of positions."""
    positions = config.get("max_position_embeddings")
    if positions is None:
        return
    most = positions - (pad + 1 if config.get("model_type") == "roberta" else 0)
    if max_tokens > most:
        raise ValueError(
            f"max_tokens: wanted at most {most}, the positions in {path.with_name(CONFIG)}, got "
            f"{max_tokens}; set data.max_tokens={most}"
        )
