"""Choices of what utilities are computed with, and how: kernels and the discrepancy."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from math import isfinite
from numbers import Integral
from typing import Any, Literal, get_args

import jax
import numpy as np
from jaxtyping import ScalarLike

from davinz_jax.choices import check_choice
from davinz_jax.data.dataset import Dataset
from davinz_jax.kernels import RowFunction, kernel_name
from davinz_jax.linalg import check_ridges
from davinz_jax.models import widen
from davinz_jax.ntk import Engine, LayerwiseEngine
from davinz_jax.ntk.engines.choice import ENGINES, check_sketch
from davinz_jax.ntk.parameters import check_parameters
from davinz_jax.types import Output, ParameterChoice, Variables

Features = Literal["inputs", "network"]
"""What the discrepancy compares: raw inputs, or the untrained network's features."""

KernelPrecision = Literal["full", "bfloat16", "float64"]
"""Numbers of the tangent kernel: the network's own, gradients in eight bits of mantissa, or all in
float64."""

RidgeUnit = Literal["absolute", "relative"]
"""Unit of a ridge: that of the kernel, or its mean diagonal."""

KernelName = Literal["ntk", "rbf", "laplace", "network_features", "sum"]

NETWORK_KERNELS = ("ntk", "network_features", "sum")
"""Kernels that a network is needed for; others look at raw inputs alone."""

PAPER_RIDGE = 1e-4
"""λ of the complexity, absolute, where none is named."""


@dataclass(frozen=True)
class KernelChoice:
    """Which kernel a regression uses.

    Attributes:
        kernel: `ntk`, the network's tangent kernel; `rbf` or `laplace` of raw inputs;
            `network_features`, the linear kernel of what the untrained network sees before its last
            layer; `sum`, the mean of `ntk` and `rbf`, each at mean diagonal 1; or any function of
            two arrays of rows.
        bandwidth: of `rbf`, `laplace` and `sum`, in the unit of the inputs; `median` is the median
            distance between rows.
        cosine: bring every row to length 1 in the kernel's feature space.
    """

    kernel: str | RowFunction = "ntk"
    bandwidth: float | int | str = "median"
    cosine: bool = False

    def __post_init__(self) -> None:
        if not callable(self.kernel):
            check_choice("kernel", self.kernel, get_args(KernelName))
        _check_bandwidth(self.bandwidth)

    @property
    def needs_network(self) -> bool:
        """Whether it looks through a network."""
        return self.kernel in NETWORK_KERNELS

    @property
    def name(self) -> str:
        """Its name, or the function's."""
        return self.kernel if isinstance(self.kernel, str) else kernel_name(self.kernel)


@dataclass(frozen=True)
class KernelOptions:
    """How the tangent kernel is computed and shifted.

    Attributes:
        engine: `auto`, `layerwise` or `neural_tangents`.
        precision: in which the layer-wise engine keeps and multiplies gradients; `bfloat16` takes
            half the memory, see `LayerwiseEngine`. `float64` computes networks, gradients and
            kernel in float64, by any engine, at some three times the cost on a CPU: for rows so
            alike, and a ridge so small, that float32's rounding moves values.
        output: outputs it sees; None is as in `choose_output`.
        parameters: parameters it differentiates.
        initial_outputs: whether what the network says at its weights is part of the prediction;
            without, it starts from 0 and explains the targets themselves. None is with, but for a
            network whose head was fitted to the rows' own labels.
        ridge: λ ≥ 0 added to the diagonal of this kernel, or of any other that a regression uses;
            `auto` is that of least leave-one-out error, over a grid relative to the mean diagonal;
            None is the paper's 1e-4 for the complexity, and `auto` for a regression.
        ridge_unit: of a ridge in numbers: `absolute`, in the kernel's own unit (output²), or
            `relative` to its mean diagonal.
        num_blocks: diagonal blocks; 1 is dense.
        shuffle: draw the partition into blocks at random; otherwise runs of rows as given.
        batch_size: rows in one pass; None lets the planner choose.
        memory: bound on the memory used, in bytes or as "4GiB"; None is what the device has free.
        sketch: k, numbers to which inputs and signals of layers are projected for an estimate of
            the kernel where it is too dear; `none` (or None) is exact. docs/sketch.md.
        store: folder in which finished tiles are kept, one folder within it an output, so that a
            run that was killed goes on from them; None keeps the kernel in memory.
    """

    engine: str = "auto"
    precision: KernelPrecision = "full"
    output: Output | None = None
    parameters: ParameterChoice = "weights"
    initial_outputs: bool | None = None
    ridge: float | int | str | None = None
    ridge_unit: RidgeUnit = "absolute"
    num_blocks: int = 1
    shuffle: bool = True
    batch_size: int | None = None
    memory: str | int | None = None
    sketch: int | str | None = None
    store: str | None = None

    def __post_init__(self) -> None:
        _check_ridge(self.ridge)
        check_choice("ridge_unit", self.ridge_unit, get_args(RidgeUnit))
        if self.precision == "bfloat16" and self.engine == "neural_tangents":
            raise ValueError(
                f"precision: wanted 'full' for the engine neural_tangents, got {self.precision!r}; "
                "only the engine layerwise has others"
            )
        if self.sketch_size is not None:
            check_sketch(self.sketch_size)
            if self.engine == "neural_tangents":
                raise ValueError(
                    f"sketch: wanted none for the engine neural_tangents, got {self.sketch!r}; "
                    "only the engine layerwise has sketches"
                )
        _check_count("num_blocks", self.num_blocks, "1 is dense")
        if self.batch_size is not None:
            _check_count("batch_size", self.batch_size, "None lets the planner choose")
        if not isinstance(self.shuffle, bool):
            raise ValueError(f"shuffle: wanted true or false, got {self.shuffle!r}; true is usual")
        check_parameters(self.parameters)
        check_choice("precision", self.precision, get_args(KernelPrecision))
        check_choice("engine", self.engine, ENGINES)
        if self.output is not None:
            check_choice("output", self.output, get_args(Output))

    @property
    def sketch_size(self) -> Any:
        """The sketch as kernels take it: its size, or None."""
        return None if self.sketch == "none" else self.sketch

    def make_engine(self) -> str | Engine:
        """The engine by name, or one of another precision than the full."""
        if self.precision != "bfloat16":
            return self.engine
        return LayerwiseEngine(precision="bfloat16")

    def numbers(self) -> AbstractContextManager[Any]:
        """Context in which JAX has the numbers that the kernel is computed in."""
        return jax.enable_x64(True) if self.is_wide else nullcontext()

    def cast(self, dataset: Dataset) -> Dataset:
        """The dataset in these numbers, which a network takes from its inputs; tokens stay."""
        if not self.is_wide or dataset.input_kind == "tokens":
            return dataset
        return dataset.map_inputs(partial(np.asarray, dtype=np.float64))

    def cast_draws(self, draws: Sequence[Variables]) -> Sequence[Variables]:
        """Draws of a network in these numbers, for inputs that have none to say."""
        return [widen(each, np.dtype(np.float64)) for each in draws] if self.is_wide else draws

    def choose_output(
        self, model: Any, dataset: Dataset, *, predicts: bool = True, values_rows: bool = True
    ) -> Output:
        """The outputs named, or those that are usual.

        For regression they are `scalar`; else what the network's `usual_output` says, if it has
        one; else `trace` for predictions and for rows as players, and `label`, the paper's.

        Args:
            model: the network.
            dataset: the rows.
            predicts: whether rows of no known class are predicted, as by kernel regression.
            values_rows: whether single rows are the players.

        Raises:
            ValueError: for `first` in regression, which has one output; for `label` in predictions.
        """
        is_regression = dataset.task == "regression"
        if is_regression and self.output == "first":
            raise ValueError(
                "output: wanted 'scalar' for regression, which has one output, got 'first'; leave "
                "it out"
            )
        if predicts and self.output == "label":
            raise ValueError(
                "output: wanted 'trace', 'first' or 'scalar' for predictions, got 'label', which "
                "needs the labels it is to predict; leave it out"
            )
        if self.output is not None:
            return self.output
        usual = getattr(model, "usual_output", None) or (
            "trace" if predicts or values_rows else "label"
        )
        return "scalar" if is_regression else usual

    def starts_from(self, model: Any) -> bool:
        """Whether predictions start from what the network says at its weights, as was asked.

        Args:
            model: the network, which may say that it was fitted to labels by `knows_labels`.
        """
        if self.initial_outputs is None:
            return not getattr(model, "knows_labels", False)
        return self.initial_outputs

    @property
    def is_wide(self) -> bool:
        """Whether all is computed in float64."""
        return self.precision == "float64"


def _check_ridge(ridge: float | int | str | None) -> None:
    if isinstance(ridge, str) and ridge != "auto":
        raise ValueError(
            f"ridge: wanted a number ≥ 0 or 'auto', got {ridge!r}; the paper's is 1e-4"
        )
    if ridge is not None and not isinstance(ridge, str):
        check_ridges(ridge, 1)


def _check_bandwidth(bandwidth: float | int | str) -> None:
    is_number = not isinstance(bandwidth, str) and isfinite(bandwidth) and bandwidth > 0
    if not is_number and bandwidth != "median":
        raise ValueError(
            f"bandwidth: wanted a finite number > 0 or 'median', got {bandwidth!r}; 'median' is "
            "the median distance between rows"
        )


def _check_count(argument: str, got: object, remedy: str) -> None:
    if not isinstance(got, Integral) or int(got) < 1:
        raise ValueError(f"{argument}: wanted a whole number ≥ 1, got {got!r}; {remedy}")


@dataclass(frozen=True)
class DiscrepancyOptions:
    """How a coalition is compared with the validation set: by the biased MMD, as in the paper.

    Attributes:
        bandwidth: σ > 0 of the RBF kernel, in the unit of the inputs; several are averaged;
            "median" is the median distance between rows of data and validation set.
        features: compare raw inputs, or the untrained network's features.
    """

    bandwidth: ScalarLike | Sequence[ScalarLike] | str = 5.0
    features: Features = "inputs"

    def __post_init__(self) -> None:
        if isinstance(self.bandwidth, str) and self.bandwidth != "median":
            raise ValueError(
                f"bandwidth: wanted numbers > 0 or 'median', got {self.bandwidth!r}; "
                "the paper's is 5"
            )
        check_choice("features", self.features, get_args(Features))
