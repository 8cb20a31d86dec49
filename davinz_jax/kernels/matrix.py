"""Any positive semi-definite kernel of a dataset, in the shape that utilities take.

A `KernelMatrix` holds what a `TangentKernel` holds: diagonal blocks, the residual to be explained,
and the kernel to the validation rows. A kernel without a network starts from outputs of 0, so that
its residual is the targets themselves, one-hot for classes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Num

from davinz_jax.data.dataset import Dataset
from davinz_jax.kernels.rows import RowFunction, fit_bandwidth, gram, gram_diagonal
from davinz_jax.models import features
from davinz_jax.types import Apply, Output, PRNGKey, Task, Variables


@runtime_checkable
class Kernel(Protocol):
    """What utilities and detection ask of a kernel; lengths as in `KernelMatrix`."""

    @property
    def blocks(self) -> Num[np.ndarray, "i b s s"]:
        """Diagonal blocks."""
        ...

    @property
    def rows(self) -> Int[np.ndarray, "b s"]:
        """Row of each block position, -1 in padding."""
        ...

    @property
    def residual(self) -> Num[np.ndarray, "i n k"]:
        """Targets minus outputs at the start."""
        ...

    @property
    def validation_kernel(self) -> Num[np.ndarray, "i m n"] | None:
        """Kernel of validation rows with dataset rows."""
        ...

    @property
    def validation_outputs(self) -> Num[np.ndarray, "i m k"] | None:
        """Outputs at the start on the validation rows."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """How it was made, as JSON would hold it."""
        ...


@dataclass(frozen=True)
class KernelMatrix:
    """Block-diagonal kernel of a dataset with the residuals it is to explain.

    Lengths: i initialisations (1 for a kernel without a network), b blocks, s rows of the largest
    block, n rows, m validation rows, k outputs (the classes, or 1).

    Attributes:
        blocks: kernel of each block; zero in padding.
        rows: dataset row of each block position, -1 where a shorter block is padded.
        residual: targets minus outputs at the start, in dataset row order.
        name: of the kernel.
        details: what defines it beside its name, as JSON would hold it.
        validation_kernel: kernel of validation rows with dataset rows, where asked for.
        validation_outputs: outputs at the start on the validation rows, where asked for.
        measure_rounding: finds `rounding`; None for numbers in float64.
        make_halves: makes the two estimates that it stands for; None where it is exact.
    """

    blocks: Num[np.ndarray, "i b s s"]
    rows: Int[np.ndarray, "b s"]
    residual: Float[np.ndarray, "i n k"]
    name: str
    details: Mapping[str, Any] = field(default_factory=dict)
    validation_kernel: Num[np.ndarray, "i m n"] | None = None
    validation_outputs: Float[np.ndarray, "i m k"] | None = None
    measure_rounding: Callable[[], float | None] | None = None
    make_halves: Callable[[], tuple["KernelMatrix", "KernelMatrix"]] | None = None

    @property
    def num_initialisations(self) -> int:
        """Independent draws of a network, 1 where there is none."""
        return self.blocks.shape[0]

    @property
    def num_blocks(self) -> int:
        """Diagonal blocks; 1 for a dense kernel."""
        return self.blocks.shape[1]

    @property
    def output(self) -> Output:
        """`trace` for several outputs, `scalar` for one."""
        return "trace" if self.residual.shape[2] > 1 else "scalar"

    @cached_property
    def rounding(self) -> float | None:
        """Root mean square of its rounding error, of √(K_ii K_jj); None if there is none."""
        return None if self.measure_rounding is None else self.measure_rounding()

    def describe(self) -> dict[str, Any]:
        """Name and details, as JSON would hold them."""
        return {"kernel": self.name, **self.details}


def target_columns(
    targets: Num[np.ndarray, " n"], *, task: Task, num_classes: int
) -> Float[np.ndarray, "n k"]:
    """Targets as what a regression is fitted to: one-hot for classes, else one column.

    >>> target_columns(np.array([1, 0]), task="classification", num_classes=2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if task == "regression":
        return targets.astype(np.float64)[:, None]
    return np.eye(num_classes)[targets.astype(np.int64)]


def row_kernel(
    function: RowFunction,
    dataset: Dataset,
    *,
    partition: Int[np.ndarray, "b s"] | None = None,
    with_validation: bool = False,
    cosine: bool = False,
    key: PRNGKey | None = None,
) -> KernelMatrix:
    """Kernel of a dataset's raw inputs.

    Args:
        function: `RBF()`, `Laplace()`, `Linear()`, or any function of two arrays of rows.
        dataset: rows, and their validation set.
        partition: row of each block position, -1 in padding; one block by default.
        with_validation: also the kernel of validation rows with dataset rows.
        cosine: divide k(x, x') by the root of k(x, x)·k(x', x').
        key: draws the rows that the bandwidth "median" is found on.

    Raises:
        ValueError: as `gram` and `fit_bandwidth`.
    """
    pair = (dataset.inputs, dataset.validation.inputs)
    return _kernel_matrix(function, [pair], dataset, partition, with_validation, cosine, key)


def network_features(
    function: RowFunction,
    apply: Apply,
    initialisations: Sequence[Variables],
    dataset: Dataset,
    *,
    partition: Int[np.ndarray, "b s"] | None = None,
    with_validation: bool = False,
    cosine: bool = False,
    key: PRNGKey | None = None,
) -> KernelMatrix:
    """Kernel of what an untrained network sees before its last linear layer, for each draw of it.

    Args:
        function: as in `row_kernel`, of rows of features.
        apply: the network.
        initialisations: variables of each draw.
        dataset: as in `row_kernel`, which explains the others too.
        partition: see `row_kernel`.
        with_validation: see `row_kernel`.
        cosine: see `row_kernel`.
        key: see `row_kernel`.

    Raises:
        ValueError: as `row_kernel`; or for a network without a linear layer.
    """
    validation = dataset.validation.inputs if with_validation else dataset.validation.inputs[:1]
    pairs = [
        (np.asarray(features(apply, each, dataset.inputs)),
         np.asarray(features(apply, each, validation)))
        for each in initialisations
    ]  # fmt: skip
    found = _kernel_matrix(function, pairs, dataset, partition, with_validation, cosine, key)
    return KernelMatrix(**{**vars(found), "name": f"network_features_{found.name}"})


def _kernel_matrix(
    function: RowFunction, pairs, dataset: Dataset, partition, with_validation, cosine, key
) -> KernelMatrix:
    """Kernels of pairs of rows and validation rows, one pair an initialisation."""
    rows = np.arange(len(dataset))[None] if partition is None else partition
    columns = target_columns(dataset.targets, task=dataset.task, num_classes=dataset.num_classes)
    blocks = np.zeros((len(pairs), *rows.shape, rows.shape[1]))
    cross = np.zeros((len(pairs), len(dataset.validation), len(dataset)))
    fitted = []
    for i, (inputs, validation) in enumerate(pairs):
        seen = np.concatenate([inputs, validation]) if with_validation else inputs
        fitted.append(fit_bandwidth(function, seen, key=key))
        _fill_blocks(blocks[i], fitted[i], inputs, rows, cosine)
        if with_validation:
            cross[i] = _cross(fitted[i], inputs, validation, cosine)
    start = np.zeros((*cross.shape[:2], columns.shape[1]))
    return KernelMatrix(
        blocks=blocks,
        rows=rows,
        residual=np.repeat(columns[None], len(pairs), axis=0),
        name=kernel_name(function),
        details=_details(fitted, cosine),
        validation_kernel=cross if with_validation else None,
        validation_outputs=start if with_validation else None,
    )


def _fill_blocks(
    blocks: Float[np.ndarray, "b s s"], function: RowFunction, inputs, rows, cosine: bool
) -> None:
    for at, own in enumerate(rows):
        chosen = own[own >= 0]
        matrix = gram(function, inputs[chosen])
        if cosine:
            scales = reciprocal_root(np.diag(matrix))
            matrix *= scales[:, None]
            matrix *= scales
        blocks[at, : len(chosen), : len(chosen)] = matrix


def _cross(function: RowFunction, inputs, validation, cosine: bool) -> Float[np.ndarray, "m n"]:
    cross = gram(function, validation, inputs)
    if cosine:
        cross *= reciprocal_root(gram_diagonal(function, validation))[:, None]
        cross *= reciprocal_root(gram_diagonal(function, inputs))
    return cross


def reciprocal_root(diagonal: Num[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """1/√d, and 0 for a row that the kernel maps to 0."""
    root = np.sqrt(np.maximum(diagonal.astype(np.float64), 0.0))
    return np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)


def kernel_name(function: RowFunction) -> str:
    """Name of a row kernel: its class in lower case, or the function's."""
    function = getattr(function, "func", function)  # of a partial
    return getattr(function, "__name__", type(function).__name__).lower()


def _details(fitted: Sequence[RowFunction], cosine: bool) -> dict[str, Any]:
    """Numbers of a built-in kernel, those that differ by initialisation as a list."""
    details: dict[str, Any] = {"cosine": cosine}
    if is_dataclass(fitted[0]):
        each = [{k: float(v) for k, v in asdict(f).items()} for f in fitted]  # pyright: ignore
        for name in each[0]:
            values = [one[name] for one in each]
            details[name] = values[0] if len(set(values)) == 1 else values
    return details
