"""Pretrained encoders in Hugging Face's files: config.json and model.safetensors of a folder."""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Shaped

from davinz_jax.choices import check_choice
from davinz_jax.models.bert import BERT, EncoderShape, Pooling
from davinz_jax.models.torch_weights import read_weights
from davinz_jax.types import PRNGKey, Variables

CONFIG, WEIGHTS = "config.json", "model.safetensors"
HEAD_SCALE = 0.02
"""Deviation of a drawn head, as encoders are initialised."""

_NOT_OURS = re.compile(r"(pooler|cls|lm_head|vocab_\w+|classifier|pre_classifier)\.|position_ids$")
"""Entries that belong to other heads, and tables that are counted, not learned."""


class Layout(NamedTuple):
    """How an architecture names its sizes and weights.

    Attributes:
        shape: the encoder's shape of a config.
        names: words of its entries, in place of BERT's.
    """

    shape: Callable[[Mapping[str, Any]], EncoderShape]
    names: Mapping[str, str]


def load_pretrained(
    folder: str | os.PathLike[str], *, num_outputs: int, key: PRNGKey, pooling: Pooling = "mean"
) -> tuple[BERT, Variables]:
    """An encoder with its weights, and a head drawn by key.

    Args:
        folder: holds config.json and model.safetensors by Hugging Face's names, of BERT,
            RoBERTa or DistilBERT.
        num_outputs: classes, or 1 for regression.
        key: draws the head; its bias is 0.
        pooling: state that the head sees.

    Raises:
        FileNotFoundError: if one of the files is not there.
        ValueError: for another architecture; or entries that are missing, surplus or of another
            shape, all named.
    """
    place = Path(folder)
    config = read_config(place / CONFIG)
    layout = LAYOUTS[config["model_type"]]
    module = BERT(layout.shape(config), num_outputs, pooling)
    row = jnp.zeros((1, 2), jnp.int32)
    wanted = flatten_dict(jax.eval_shape(module.init, jax.random.key(0), row)["params"])
    entries = {
        name: entry
        for name, entry in _bare(read_weights(place / WEIGHTS)).items()
        if not _NOT_OURS.search(name)
    }
    names = {hugging_face_name(leaf, layout): leaf for leaf in wanted if leaf[0] == "encoder"}
    _refuse_misfits(
        place / WEIGHTS, entries, {name: wanted[leaf].shape for name, leaf in names.items()}
    )
    leaves: dict[Any, Any] = {leaf: _to_flax(name, entries[name]) for name, leaf in names.items()}
    head = wanted["head", "kernel"]
    leaves["head", "kernel"] = HEAD_SCALE * jax.random.normal(key, head.shape, head.dtype)
    leaves["head", "bias"] = jnp.zeros(num_outputs)
    return module, {"params": unflatten_dict(leaves)}


def read_config(path: Path) -> dict[str, Any]:
    """A config of one of the architectures known.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no JSON, or of another architecture.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"model.weights: wanted a folder with {CONFIG} and {WEIGHTS}, got no {path}; name the "
            "folder of a pretrained encoder"
        )
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: wanted JSON, got {error}; fetch the file again") from error
    kind = config.get("model_type") if isinstance(config, dict) else None
    check_choice("model_type", kind, tuple(LAYOUTS))
    return config


def hugging_face_name(leaf: tuple[str, ...], layout: Layout) -> str:
    """Their name of a Flax leaf of the encoder.

    >>> hugging_face_name(("encoder", "layer_2", "query", "kernel"), LAYOUTS["bert"])
    'encoder.layer.2.attention.self.query.weight'
    """
    *modules, last = leaf[1:]
    words = {"kernel": "weight", "scale": "weight", "embedding": "weight", "bias": "bias"}
    place = []
    for module in modules:
        number = re.fullmatch(r"layer_(\d+)", module)
        place.append(f"{layout.names['layer']}.{number[1]}" if number else layout.names[module])
    return ".".join([*place, words[last]])


def _bare(entries: Mapping[str, np.ndarray]) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Entries without the name of the model that holds the encoder."""
    return {
        re.sub(r"^(bert|roberta|distilbert)\.", "", name): entry for name, entry in entries.items()
    }


def _to_flax(name: str, entry: Shaped[np.ndarray, "..."]) -> Shaped[jax.Array, "..."]:
    is_table = "embeddings" in name
    return jnp.asarray(entry if entry.ndim < 2 or is_table else entry.T)


def _refuse_misfits(
    source: Path,
    entries: Mapping[str, Shaped[np.ndarray, "..."]],
    wanted: Mapping[str, tuple[int, ...]],
) -> None:
    shapes = {name: _to_flax_shape(name, entry.shape) for name, entry in entries.items()}
    misfits = {
        "missing": [name for name in wanted if name not in entries],
        "surplus": [name for name in entries if name not in wanted],
        "of another shape": [
            f"{name} (wanted {wanted[name]}, got {shape})"
            for name, shape in shapes.items()
            if name in wanted and wanted[name] != shape
        ],
    }
    text = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in misfits.items() if names)
    if text:
        raise ValueError(
            f"model.weights: wanted the entries that {CONFIG} describes, got from {source} others "
            f"({text}); take both files from one model"
        )


def _to_flax_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) < 2 or "embeddings" in name else shape[::-1]


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
    from dataclasses import replace

    shape = _bert_shape(config)
    separator = config.get("eos_token_id", 2)
    return replace(shape, first_position=shape.pad + 1, separator=separator)


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
LAYOUTS: Mapping[str, Layout] = {
    "bert": Layout(_bert_shape, _TABLES | _BERT),
    "roberta": Layout(_roberta_shape, _TABLES | _BERT),
    "distilbert": Layout(_distilbert_shape, _TABLES | _DISTILBERT),
}
"""Architectures known, by `model_type` of config.json."""
