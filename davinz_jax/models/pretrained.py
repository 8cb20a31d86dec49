"""Pretrained encoders from Hugging Face's files: config.json and model.safetensors of a folder.

`pretrained_encoder` and `pretrained_vit` make the module of a config, `pretrained_variables` reads
its weights; a linear head on the pooled state is ours, drawn by key or fitted to the rows
(`fit_head`).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Float, Num, Shaped

from davinz_jax.choices import check_choice
from davinz_jax.models.bert import BERT, Head, Pooling
from davinz_jax.models.hugging_face import (
    CONFIG,
    IMAGES,
    LAYOUTS,
    TEXTS,
    encoder_shape,
    flax_axes,
    hugging_face_name,
    image_shape,
    own_name,
    read_config,
)
from davinz_jax.models.torch_weights import read_weights
from davinz_jax.models.vit import ViT
from davinz_jax.types import PRNGKey, Variables

WEIGHTS = "model.safetensors"
HEAD_SCALE = 0.02
"""Deviation of a drawn head, as encoders are initialised."""


def pretrained_encoder(
    weights: str | os.PathLike[str],
    *,
    pooling: Pooling = "mean",
    head: Head = "drawn",
    input_shape: tuple[int, ...] | None = None,
    num_outputs: int,
) -> BERT:
    """An encoder of texts as the config of a folder describes it, with a linear head.

    Args:
        weights: folder of config.json and model.safetensors of a BERT, RoBERTa or DistilBERT.
        pooling: state that the head sees.
        head: how it comes by its weights.
        input_shape: (t,), tokens of a row; None for any.
        num_outputs: classes, or 1 for regression.

    Raises:
        FileNotFoundError: if there is no config.json.
        ValueError: for another architecture, or rows of more tokens than it has positions.
    """
    check_choice("pooling", pooling, get_args(Pooling))
    check_choice("head", head, get_args(Head))
    folder = Path(weights)
    shape = encoder_shape(folder)
    most = shape.num_positions - shape.first_position
    if input_shape is not None and input_shape[0] > most:
        raise ValueError(
            f"max_tokens: wanted at most {most}, the positions of {folder}, got rows of "
            f"{input_shape[0]} tokens; set data.max_tokens={most}"
        )
    return BERT(shape, num_outputs, pooling, head)


def pretrained_vit(
    weights: str | os.PathLike[str],
    *,
    pooling: Pooling = "cls",
    head: Head = "drawn",
    input_shape: tuple[int, ...] | None = None,
    num_outputs: int,
) -> ViT:
    """An encoder of images as the config of a folder describes it, with a linear head.

    Args:
        weights: folder of config.json and model.safetensors of a ViT, and of
            preprocessor_config.json where its pixels are not from −1 to 1.
        pooling: as in `pretrained_encoder`.
        head: as there.
        input_shape: (h, w, c) of an image; None for any.
        num_outputs: classes, or 1 for regression.

    Raises:
        FileNotFoundError: if there is no config.json.
        ValueError: for another architecture, or images of another size or number of channels.
    """
    check_choice("pooling", pooling, get_args(Pooling))
    check_choice("head", head, get_args(Head))
    shape = image_shape(Path(weights))
    size, channels = (shape.size, shape.size), {1, shape.channels}
    if input_shape is not None and (
        input_shape[:2] != size or len(input_shape) != 3 or input_shape[2] not in channels
    ):
        raise ValueError(
            f"input_shape: wanted images of {shape.size}×{shape.size} pixels, of {shape.channels} "
            f"channels or grey, got {input_shape}; set data.size={shape.size}, or take images"
        )
    return ViT(shape, num_outputs, pooling, head)


def load_pretrained(
    weights: str | os.PathLike[str],
    *,
    num_outputs: int,
    key: PRNGKey,
    pooling: Pooling = "mean",
) -> tuple[BERT, Variables]:
    """An encoder with its weights, and a head drawn by key; arguments and errors as of its parts.

    Args:
        weights: as in `pretrained_encoder`.
        num_outputs: as there.
        key: draws the head; its bias is 0.
        pooling: as in `pretrained_encoder`.
    """
    module = pretrained_encoder(weights, pooling=pooling, num_outputs=num_outputs)
    return module, pretrained_variables(weights, module, key=key)


def pretrained_variables(
    weights: str | os.PathLike[str], module: BERT | ViT, *, key: PRNGKey
) -> Variables:
    """Variables of a module from the weights of a folder, its head drawn by key.

    Args:
        weights: as in `pretrained_encoder` or `pretrained_vit`.
        module: what that gave.
        key: draws the head; its bias is 0.

    Raises:
        FileNotFoundError: if there are no weights.
        ValueError: for entries that are missing, surplus or of another shape, all named.
    """
    folder = Path(weights)
    layout = LAYOUTS[read_config(folder, TEXTS + IMAGES)["model_type"]]
    entries = _own_entries(folder / WEIGHTS)
    wanted: dict[Any, Any] = flatten_dict(
        jax.eval_shape(module.init, jax.random.key(0), _a_row(module))["params"]
    )
    names = {hugging_face_name(leaf, layout): leaf for leaf in wanted if leaf[0] == "encoder"}
    shapes = {name: wanted[leaf].shape for name, leaf in names.items()}
    _refuse_misfits(folder / WEIGHTS, entries, shapes)
    leaves: dict[Any, Any] = {leaf: _to_flax(name, entries[name]) for name, leaf in names.items()}
    head = wanted["head", "kernel"]
    leaves["head", "kernel"] = HEAD_SCALE * jax.random.normal(key, head.shape, head.dtype)
    leaves["head", "bias"] = jnp.zeros(module.num_outputs)
    return {"params": unflatten_dict(leaves)}


def _a_row(module: BERT | ViT) -> Num[np.ndarray, "1 ..."]:
    """A row of inputs, of zeros."""
    if isinstance(module, BERT):
        return np.zeros((1, 2), np.int32)
    size, channels = module.shape.size, module.shape.channels
    return np.zeros((1, size, size, channels), np.float32)


def _own_entries(path: Path) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Entries of the encoder alone, by their names in it."""
    if not path.is_file():
        raise FileNotFoundError(
            f"weights: wanted {WEIGHTS} beside {CONFIG}, got no {path}; fetch it, or save the "
            "model in this form"
        )
    named = ((own_name(name), entry) for name, entry in read_weights(path).items())
    return {name: entry for name, entry in named if name is not None}


def _to_flax(name: str, entry: Shaped[np.ndarray, "..."]) -> Float[jax.Array, "..."]:
    return jnp.asarray(entry.transpose(flax_axes(name, entry.ndim)), jnp.float32)


def _refuse_misfits(
    source: Path,
    entries: Mapping[str, Shaped[np.ndarray, "..."]],
    wanted: Mapping[str, tuple[int, ...]],
) -> None:
    shapes = {
        name: tuple(entry.shape[axis] for axis in flax_axes(name, entry.ndim))
        for name, entry in entries.items()
    }
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
            f"weights: wanted the entries that {CONFIG} describes, got from {source} others "
            f"({text}); take both files from one model"
        )
