"""Weights under PyTorch's names and layouts, from and to npz and safetensors files.

The Flax path params/layer1.0/conv1/kernel is PyTorch's layer1.0.conv1.weight: the modules here
carry PyTorch's names, so only the last word and the order of axes differ. Any other Linen module
is served alike, under its own submodule names. Pickled files are never opened.
"""

import io
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.core import meta
from flax.traverse_util import flatten_dict, unflatten_dict
from jaxtyping import Num, Shaped

from davinz_jax.files import DAMAGED, write_bytes
from davinz_jax.types import Variables

_PREFIX = "weights/"
_WORDS = {"kernel": "weight", "scale": "weight", "mean": "running_mean", "var": "running_var"}
_INITIAL = {"scale": 1.0, "bias": 0.0, "mean": 0.0, "var": 1.0}

_log = logging.getLogger(__name__)

Leaf = tuple[str, ...]
Entries = Mapping[str, Shaped[np.ndarray, "..."]]


def load_torch_weights(
    path: str | os.PathLike[str],
    module: nn.Module,
    sample_inputs: Num[jax.Array | np.ndarray, "n ..."],
) -> Variables:
    """Variables of a module from a file of weights in PyTorch's names and layouts.

    Entries of BatchNorm that the file leaves out (scale, shift, running statistics) take their
    values at initialisation, 1, 0, 0 and 1, and a log message names them.

    Args:
        path: .npz (arrays under the prefix `weights/`, or under bare names) or .safetensors.
        module: the network; its submodules carry PyTorch's names.
        sample_inputs: rows of the shape that the network is for; one is enough.

    Returns:
        The Flax variables, each in the wider of its dtype in the file and that of
        `sample_inputs`; float64 only under `jax.enable_x64`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file cannot be read without unpickling, or its entries do not fit the
            module: the message lists missing, unexpected and misshaped entries.
    """
    row = jnp.asarray(sample_inputs[:1])
    wanted = _shapes(module, row)
    entries = {name: _to_flax(array) for name, array in read_weights(path).items()}
    absent = [leaf for leaf in _norm_leaves(wanted) if torch_name(leaf) not in entries]
    if absent:
        names = ", ".join(torch_name(leaf) for leaf in absent)
        _log.warning("%s does not hold, left at their initial values: %s", path, names)
    initial = {torch_name(leaf): np.full(wanted[leaf], _INITIAL[leaf[-1]], "f4") for leaf in absent}
    entries = {**entries, **initial}
    _refuse_misfits(str(path), entries, wanted)
    dtype = row.dtype if jnp.issubdtype(row.dtype, jnp.floating) else jnp.float32
    return unflatten_dict({leaf: _widen(entries[torch_name(leaf)], dtype) for leaf in wanted})


def save_torch_weights(
    path: str | os.PathLike[str],
    module: nn.Module,
    variables: Variables,
    sample_inputs: Num[jax.Array | np.ndarray, "n ..."],
) -> None:
    """Write a module's variables in PyTorch's names and layouts; whole, or not at all.

    Args:
        path: .npz (arrays under the prefix `weights/`) or .safetensors (bare names).
        module: the network.
        variables: its variables.
        sample_inputs: rows of the shape that the network is for; one is enough.

    Raises:
        ValueError: if `variables` are not this module's, or the suffix is neither of the two.
    """
    target = Path(path)
    leaves = {torch_name(leaf): np.asarray(v) for leaf, v in flatten_dict(variables).items()}
    _refuse_misfits("variables", leaves, _shapes(module, jnp.asarray(sample_inputs[:1])))
    entries = {name: np.ascontiguousarray(_to_torch(array)) for name, array in leaves.items()}
    write_bytes(target, _encode(target, entries))


def torch_name(leaf: Leaf) -> str:
    """PyTorch's name of a Flax leaf (collection, submodules..., parameter).

    Example:
        >>> torch_name(("batch_stats", "layer1.0", "bn1", "mean"))
        'layer1.0.bn1.running_mean'
    """
    return ".".join((*leaf[1:-1], _WORDS.get(leaf[-1], leaf[-1])))


def read_weights(path: str | os.PathLike[str]) -> Entries:
    """Arrays of a weight file by PyTorch name, in PyTorch's layout; see `load_torch_weights`."""
    source = Path(path)
    _refuse_suffix(source)
    if not source.is_file():
        raise FileNotFoundError(f"path: wanted a file of weights, got no such file: {source}")
    try:
        entries = _read_safetensors(source) if source.suffix != ".npz" else _read_npz(source)
    except DAMAGED as error:
        raise ValueError(
            f"path: wanted a readable {source.suffix} file without pickled objects, got {source} "
            f"({error}); write it again with plain arrays"
        ) from error
    return {k: v for k, v in entries.items() if not k.endswith("num_batches_tracked")}


def _read_npz(source: Path) -> Entries:
    with source.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        prefixed = any(name.startswith(_PREFIX) for name in archive.files)
        names = [n for n in archive.files if n.startswith(_PREFIX) or not prefixed]
        return {name.removeprefix(_PREFIX): archive[name] for name in names}


def _read_safetensors(source: Path) -> Entries:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(source)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _encode(target: Path, entries: Entries) -> bytes:
    _refuse_suffix(target)
    if target.suffix == ".safetensors":
        from safetensors.numpy import save

        return save(dict(entries))
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {_PREFIX + name: array for name, array in entries.items()}
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _refuse_suffix(path: Path) -> None:
    if path.suffix not in (".npz", ".safetensors"):
        raise ValueError(
            f"path: wanted weights as .npz or .safetensors, got {path.name}; a pickled checkpoint "
            "can run code, so convert it in PyTorch: numpy.savez('weights.npz', **{k: v.numpy() "
            "for k, v in model.state_dict().items()})"
        )


def _shapes(module: nn.Module, row: Num[jax.Array, "1 ..."]) -> dict[Leaf, tuple[int, ...]]:
    variables = meta.unbox(jax.eval_shape(module.init, jax.random.key(0), row))
    leaves: dict[Leaf, Any] = flatten_dict(variables)
    return {leaf: value.shape for leaf, value in leaves.items()}


def _norm_leaves(wanted: Mapping[Leaf, tuple[int, ...]]) -> list[Leaf]:
    norms = {leaf[1:-1] for leaf in wanted if leaf[0] == "batch_stats"}
    return [leaf for leaf in wanted if leaf[1:-1] in norms]


def _refuse_misfits(source: str, entries: Entries, wanted: Mapping[Leaf, tuple[int, ...]]) -> None:
    shapes = {torch_name(leaf): shape for leaf, shape in wanted.items()}
    misfits = {
        "missing": [name for name in shapes if name not in entries],
        "unexpected": [name for name in entries if name not in shapes],
        "misshaped": [
            f"{name} (wanted {_torch_shape(shapes[name])}, got {_torch_shape(array.shape)})"
            for name, array in entries.items()
            if name in shapes and shapes[name] != array.shape
        ],
    }
    text = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in misfits.items() if names)
    if text:
        raise ValueError(
            f"weights: wanted the entries of the module, got from {source} others ({text}); "
            "choose the architecture that the weights were made for"
        )


def _torch_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) < 2 else (shape[-1], shape[-2], *shape[:-2])


def _to_flax(array: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    if array.ndim < 2:
        return array
    return np.transpose(array, (*range(2, array.ndim), 1, 0))  # (out, in, h, w) -> (h, w, in, out)


def _to_torch(array: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
    if array.ndim < 2:
        return array
    last = array.ndim - 1
    return np.transpose(
        array, (last, last - 1, *range(last - 1))
    )  # (h, w, in, out) -> (out, in, h, w)


def _widen(array: Shaped[np.ndarray, "..."], dtype: np.dtype) -> Shaped[jax.Array, "..."]:
    value = jnp.asarray(array)
    return value.astype(jnp.promote_types(value.dtype, dtype))
