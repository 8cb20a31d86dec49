"""How Hugging Face's files describe encoders: sizes in config.json, and names of weights.

A layout holds what differs between architectures; their layers are those of `BERT`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from davinz_jax.models.bert import EncoderShape
from davinz_jax.models.vit import ImageShape

CONFIG, TOKENIZER, PIXELS = "config.json", "tokenizer.json", "preprocessor_config.json"

_PREFIX = re.compile(r"^(bert|roberta|distilbert|vit)\.")
_NOT_OURS = re.compile(r"(pooler|cls|lm_head|vocab_\w+|classifier|pre_classifier)\.|position_ids$")
"""Entries that belong to other heads, and tables that are counted, not learned."""

ACTIVATION, POSITIONS = "gelu", "absolute"
"""The only activation and kind of positions that are computed here."""


class Layout(NamedTuple):
    """How an architecture names its sizes and weights.

    Attributes:
        shape: the encoder's shape of a config.
        names: words of its entries, for a module of ours.
    """

    shape: Callable[[Mapping[str, Any]], Any]
    names: Mapping[str, str]


def read_config(folder: Path, kinds: Sequence[str]) -> dict[str, Any]:
    """The config of a folder, of one of some kinds of encoder.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no JSON, of another architecture, or of layers that are not computed
            here.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(
            f"weights: wanted a folder with {CONFIG}, model.safetensors and, for texts, "
            f"{TOKENIZER}, got no {path}; name the folder of a pretrained encoder"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"weights: wanted JSON in {path}, got {error}; fetch it again") from error
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind not in kinds:
        raise ValueError(
            f"weights: wanted a model_type of {', '.join(kinds)}, got {kind!r} in {path}; take "
            "an encoder of one of these"
        )
    _check_layers(config, path)
    return config


def _check_layers(config: Mapping[str, Any], path: Path) -> None:
    """Refuse layers that would be computed otherwise than they were trained."""
    activation = config.get("hidden_act", config.get("activation", ACTIVATION))
    positions = config.get("position_embedding_type", POSITIONS)
    if (activation, positions) != (ACTIVATION, POSITIONS):
        raise ValueError(
            f"weights: wanted the activation {ACTIVATION} and {POSITIONS} positions, got "
            f"{activation} and {positions} in {path}; take another encoder"
        )


def encoder_shape(folder: Path) -> EncoderShape:
    """Sizes of a folder's encoder of texts, with the id that separates a pair of them.

    Raises:
        ValueError: as `read_config`; or if the config lacks a size.
    """
    shape = _shape(folder, read_config(folder, TEXTS))
    separator = _special_token(folder / TOKENIZER, ("[SEP]", "</s>"))
    return shape if separator is None else replace(shape, separator=separator)


def image_shape(folder: Path) -> ImageShape:
    """Sizes of a folder's encoder of images, and the pixels that it was trained on.

    Raises:
        ValueError: as `read_config`; or if the config lacks a size.
    """
    shape, path = _shape(folder, read_config(folder, IMAGES)), folder / PIXELS
    if not path.is_file():
        return shape
    pixels = json.loads(path.read_text(encoding="utf-8"))
    return replace(
        shape,
        mean=tuple(map(float, pixels.get("image_mean", shape.mean))),
        scale=tuple(map(float, pixels.get("image_std", shape.scale))),
    )


def _shape(folder: Path, config: Mapping[str, Any]) -> Any:
    try:
        return LAYOUTS[config["model_type"]].shape(config)
    except KeyError as error:
        raise ValueError(
            f"weights: wanted {error} in {folder / CONFIG}, got none; take the file that belongs "
            "to the weights"
        ) from error


def hugging_face_name(leaf: tuple[str, ...], layout: Layout) -> str:
    """Their name of a Flax leaf of the encoder.

    >>> hugging_face_name(("encoder", "layer_2", "query", "kernel"), LAYOUTS["bert"])
    'encoder.layer.2.attention.self.query.weight'
    """
    *modules, last = leaf[1:]
    words = {"kernel": "weight", "scale": "weight", "embedding": "weight", "bias": "bias"}
    if last not in words:
        return layout.names[last]
    place = []
    for module in modules:
        number = re.fullmatch(r"layer_(\d+)", module)
        place.append(f"{layout.names['layer']}.{number[1]}" if number else layout.names[module])
    return ".".join([*place, words[last]])


def own_name(name: str) -> str | None:
    """Name of an entry of the encoder without that of the model around it; None for another's.

    >>> own_name("roberta.embeddings.LayerNorm.weight"), own_name("lm_head.bias")
    ('embeddings.LayerNorm.weight', None)
    """
    bare = _PREFIX.sub("", name)
    return None if _NOT_OURS.search(bare) else bare


def flax_axes(name: str, num_axes: int) -> tuple[int, ...]:
    """Axes of an entry of theirs in the order that Flax has them: inputs before outputs.

    Tables, which are indexed by rows, are laid out alike.

    >>> flax_axes("pooler.dense.weight", 2), flax_axes("embeddings.word_embeddings.weight", 2)
    ((1, 0), (0, 1))
    """
    if num_axes == 4:
        return 2, 3, 1, 0
    is_turned = num_axes == 2 and "embeddings" not in name
    return (1, 0) if is_turned else tuple(range(num_axes))


def _special_token(path: Path, words: tuple[str, ...]) -> int | None:
    """Id of the first of some special tokens; None where the tokenizer has none of them."""
    if not path.is_file():
        return None
    added = json.loads(path.read_text(encoding="utf-8")).get("added_tokens") or []
    ids = {token["content"]: token["id"] for token in added}
    return next((ids[word] for word in words if word in ids), None)


def _bert_shape(config: Mapping[str, Any]) -> EncoderShape:
    return EncoderShape(
        num_tokens=config["vocab_size"],
        width=config["hidden_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        inner_width=config["intermediate_size"],
        num_positions=config["max_position_embeddings"],
        num_types=config["type_vocab_size"],
        pad=config.get("pad_token_id", 0),
        epsilon=config["layer_norm_eps"],
    )


def _roberta_shape(config: Mapping[str, Any]) -> EncoderShape:
    shape = _bert_shape({"pad_token_id": 1, **config})
    return replace(shape, first_position=shape.pad + 1)


def _distilbert_shape(config: Mapping[str, Any]) -> EncoderShape:
    return EncoderShape(
        num_tokens=config["vocab_size"],
        width=config["dim"],
        num_layers=config["n_layers"],
        num_heads=config["n_heads"],
        inner_width=config["hidden_dim"],
        num_positions=config["max_position_embeddings"],
        num_types=0,
        pad=config.get("pad_token_id", 0),
    )


def _vit_shape(config: Mapping[str, Any]) -> ImageShape:
    channels = config.get("num_channels", 3)
    return ImageShape(
        size=config["image_size"],
        patch=config["patch_size"],
        channels=channels,
        width=config["hidden_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        inner_width=config["intermediate_size"],
        epsilon=config["layer_norm_eps"],
        mean=(0.5,) * channels,
        scale=(0.5,) * channels,
    )


_TABLES = {
    "word_embeddings": "embeddings.word_embeddings",
    "position_embeddings": "embeddings.position_embeddings",
    "token_type_embeddings": "embeddings.token_type_embeddings",
    "embeddings_norm": "embeddings.LayerNorm",
}
_BERT = {
    "layer": "encoder.layer",
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention_output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "output.LayerNorm",
}
_DISTILBERT = {
    "layer": "transformer.layer",
    "query": "attention.q_lin",
    "key": "attention.k_lin",
    "value": "attention.v_lin",
    "attention_output": "attention.out_lin",
    "attention_norm": "sa_layer_norm",
    "intermediate": "ffn.lin1",
    "output": "ffn.lin2",
    "output_norm": "output_layer_norm",
}
_VIT = {
    "cls_token": "embeddings.cls_token",
    "position_embeddings": "embeddings.position_embeddings",
    "projection": "embeddings.patch_embeddings.projection",
    "layer": "encoder.layer",
    "query": "attention.attention.query",
    "key": "attention.attention.key",
    "value": "attention.attention.value",
    "attention_output": "attention.output.dense",
    "attention_norm": "layernorm_before",
    "intermediate": "intermediate.dense",
    "output": "output.dense",
    "output_norm": "layernorm_after",
    "final_norm": "layernorm",
}
LAYOUTS: Mapping[str, Layout] = {
    "bert": Layout(_bert_shape, _TABLES | _BERT),
    "roberta": Layout(_roberta_shape, _TABLES | _BERT),
    "distilbert": Layout(_distilbert_shape, _TABLES | _DISTILBERT),
    "vit": Layout(_vit_shape, _VIT),
}
"""Architectures known, by `model_type` of config.json."""

TEXTS, IMAGES = ("bert", "roberta", "distilbert"), ("vit",)
"""Those of texts, and those of images."""
