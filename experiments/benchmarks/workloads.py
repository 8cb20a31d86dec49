"""Networks with rows for them, and kernels without a network.

Rows are MNIST's where DAVINZ_DATA names a folder that holds it and they fit the network, else
random: an engine takes as long for either. Nothing is downloaded. Kernels for measurements of
algebra alone are Gram matrices of random features, of a quarter of full rank, plus a share of the
identity: XXᵀ/d + I/100 with n/4 normal features.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from davinz_jax.data import Dataset, Parties, Validation, load_mnist, simulate_ising
from davinz_jax.models import BERT, CNN, CNN8, apply_function, initialise, resnet18, vgg13
from davinz_jax.models.vit import ImageShape, ViT
from davinz_jax.ntk import TangentKernel, block_rows
from davinz_jax.types import Apply, Output, Variables

NETWORKS = ("cnn", "cnn8", "vgg13", "resnet18", "bert", "vit")
SMALL_VIT = ImageShape(size=32, patch=4, width=384, num_layers=6, num_heads=6, inner_width=1536)
"""A vision transformer as large as MiniLM: 64 patches and the class token."""
TOKENS = 64
"""Of each text; all of them are drawn, none is padding."""
_WIDE = ("vgg13", "vit")
"""Networks on random images of 32×32×3."""
RIDGE = 1e-2
"""λ in measurements of algebra: as large as the kernels' share of the identity."""


@dataclass(frozen=True)
class Workload:
    """A network at initialisation, and rows for it."""

    module: Any
    apply: Apply
    variables: Variables
    dataset: Dataset
    output: Output


def workload(network: str, num_rows: int) -> Workload:
    """One of `NETWORKS` on n rows of the size it is measured at."""
    modules = {
        "cnn": CNN, "cnn8": CNN8, "vgg13": vgg13, "resnet18": resnet18, "bert": BERT,
        "vit": lambda: ViT(SMALL_VIT, num_outputs=10),
    }  # fmt: skip
    module = modules[network]()
    dataset = _rows(network, num_rows)
    variables = initialise(module, jax.random.key(0), dataset.inputs)
    output: Output = "scalar" if network == "cnn8" else "label"
    return Workload(module, apply_function(module), variables, dataset, output)


def source(network: str) -> str:
    """Where the rows of a network come from."""
    if network == "cnn8":
        return "Ising 8×8"
    if network in _WIDE:
        return "random 32×32×3"
    if network == "bert":
        return f"{TOKENS} random tokens"
    return "MNIST 28×28" if has_mnist() else "random 28×28"


def has_mnist() -> bool:
    """Whether DAVINZ_DATA names a folder that holds MNIST."""
    root = Path(os.environ.get("DAVINZ_DATA", os.devnull))
    return any((root / name).is_dir() for name in ("MNIST/raw", "mnist"))


def _rows(network: str, num_rows: int) -> Dataset:
    if network == "cnn8":
        return simulate_ising(
            num_rows=num_rows, num_validation_rows=2, num_sweeps=10, key=jax.random.key(1)
        )
    if network == "bert":
        return random_texts(num_rows)
    if network not in _WIDE and has_mnist():
        return load_mnist(num_rows=num_rows, num_validation_rows=10)
    shape = (32, 32, 3) if network in _WIDE else (28, 28, 1)
    return random_images(num_rows, shape)


def random_images(num_rows: int, shape: tuple[int, ...]) -> Dataset:
    """Uniform pixels with classes in turn."""
    generator = np.random.default_rng(0)
    inputs = generator.random((num_rows, *shape), np.float32)
    return Dataset(
        inputs=inputs,
        targets=np.arange(num_rows) % 10,
        task="classification",
        num_classes=10,
        validation=Validation(inputs[:2]),
        name="random",
    )


def random_texts(num_rows: int) -> Dataset:
    """Tokens of MiniLM's vocabulary beyond its special ones, with two classes in turn."""
    generator = np.random.default_rng(0)
    inputs = generator.integers(1000, 30_000, (num_rows, TOKENS)).astype(np.int32)
    return Dataset(
        inputs=inputs,
        targets=np.arange(num_rows) % 2,
        task="classification",
        num_classes=2,
        validation=Validation(inputs[:2]),
        name="random texts",
        input_kind="tokens",
    )


def random_kernel(num_rows: int, *, num_blocks: int = 1) -> TangentKernel:
    """A kernel of random features, float32, with residuals about as large as a network's."""
    generator = np.random.default_rng(0)
    rows = block_rows(num_rows, num_blocks=num_blocks, shuffle=False, key=None)
    size = rows.shape[1]
    blocks = np.zeros((1, num_blocks, size, size), np.float32)
    for block, members in enumerate(rows):
        real = int((members >= 0).sum())
        blocks[0, block, :real, :real] = _gram(generator, real)
    residual = 1 + 0.1 * generator.standard_normal((1, num_rows, 1))
    return TangentKernel(
        blocks=blocks, rows=rows, residual=residual.astype(np.float32), output="label",
        engine="random features", parameters="weights",
    )  # fmt: skip


def _gram(generator: np.random.Generator, num_rows: int) -> Float[np.ndarray, "n n"]:
    num_features = max(num_rows // 4, 1)
    features = generator.standard_normal((num_rows, num_features), np.float32)
    return features @ features.T / np.float32(num_features) + np.float32(0.01) * np.eye(
        num_rows, dtype=np.float32
    )


def equal_parties(num_rows: int, num_parties: int) -> Parties:
    """Rows dealt in turn."""
    names = tuple(f"party_{party}" for party in range(num_parties))
    return Parties(np.arange(num_rows) % num_parties, names)


def single_rows(num_rows: int) -> Parties:
    """Each row a party."""
    return Parties(np.arange(num_rows), tuple(f"row_{row}" for row in range(num_rows)))
