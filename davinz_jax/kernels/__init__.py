"""Kernels beside the network's tangent kernel, in the shape that utilities take.

`row_kernel` is the kernel of raw inputs under `RBF`, `Laplace`, `Linear` or any function of two
arrays of rows; `network_features` that of an untrained network's features; `kernel_sum` the mean
of several, tangent kernels among them. `normalise_cosine` brings rows to length 1, `relabel` gives
a kernel other targets without looking at a row again.
"""

from davinz_jax.kernels.combine import kernel_sum, normalise_cosine, relabel
from davinz_jax.kernels.matrix import (
    Kernel,
    KernelMatrix,
    kernel_name,
    network_features,
    row_kernel,
    target_columns,
)
from davinz_jax.kernels.rows import (
    RBF,
    Laplace,
    Linear,
    RowFunction,
    fit_bandwidth,
    gram,
    gram_diagonal,
)

__all__ = [
    "RBF",
    "Kernel",
    "KernelMatrix",
    "Laplace",
    "Linear",
    "RowFunction",
    "fit_bandwidth",
    "gram",
    "gram_diagonal",
    "kernel_name",
    "kernel_sum",
    "network_features",
    "normalise_cosine",
    "relabel",
    "row_kernel",
    "target_columns",
]
