r"""Outputs that a tangent kernel sees, and the residuals it is to explain.

With logits f(x) of k classes: `label` is the logit g = f_y(x) of a row's own class (the paper's),
with r = 1 − g; `trace` is all k logits, with r = onehot(y) − f and the kernel averaged over them;
`scalar` is the one output of a regression, with r = y − f.
"""

from typing import NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Num, Shaped

from davinz_jax.choices import check_choice
from davinz_jax.ntk.finite import check_finite_inputs
from davinz_jax.types import Apply, Array, Output, ParameterChoice, Variables


class Network(NamedTuple):
    """What is fixed while a kernel is computed; hashable, so that it can be static under jit."""

    apply: Apply
    output: Output
    parameters: ParameterChoice


class Rows(NamedTuple):
    """Inputs of n rows and their classes (zeros where the output needs none)."""

    inputs: Num[Array, "n ..."]
    labels: Int[Array, " n"]

    @property
    def num_rows(self) -> int:
        """How many rows these are."""
        return len(self.labels)


def network_outputs(network: Network, variables: Variables, rows: Rows) -> Float[jax.Array, "n k"]:
    """The (n, k) outputs that the kernel sees; k is 1 but for `trace`."""
    outputs = network.apply(variables, rows.inputs)
    if network.output != "label":
        return outputs
    return jnp.take_along_axis(outputs, rows.labels[:, None], axis=1)


def make_rows(
    network: Network,
    inputs: Shaped[Array, "n ..."],
    labels: Num[Array, " _"] | None,
) -> Rows:
    """Rows on the host, with class indices where the output needs them.

    Raises:
        ValueError: if the output needs labels and there are none, or not one a row.
    """
    inputs = np.asarray(inputs)
    if network.output != "label":
        return Rows(inputs, np.zeros(len(inputs), np.int32))
    if labels is None or len(labels) != len(inputs):
        raise ValueError(
            f"labels: wanted one class a row ({len(inputs)}) for output 'label', got "
            f"{'none' if labels is None else len(labels)}; pass labels, or output='trace'"
        )
    return Rows(inputs, np.asarray(labels).astype(np.int32))


def check_rows(network: Network, variables: Variables, rows: Rows) -> int:
    """Number of logits, once rows and model are seen to fit each other.

    Raises:
        ValueError: if there is no row, the model does not give (n, k) outputs, a scalar output is
            asked of several, a label is outside the logits, or an input is not finite.
    """
    check_choice("output", network.output, get_args(Output))
    if rows.num_rows == 0:
        raise ValueError("inputs: wanted at least one row, got none; add rows")
    check_finite_inputs(np.asarray(rows.inputs))
    num_logits = _num_logits(network.apply, variables, rows.inputs)
    if network.output == "scalar" and num_logits != 1:
        raise ValueError(
            f"output: wanted 'label' or 'trace' for a model of {num_logits} outputs, got 'scalar'; "
            "choose one of these, or a model with one output"
        )
    _check_classes(np.asarray(rows.labels), num_logits)
    return num_logits


def residuals(
    output: Output, outputs: Float[np.ndarray, "n k"], targets: Num[np.ndarray, " n"]
) -> Float[np.ndarray, "n c"]:
    """Targets minus outputs at initialisation, one column for each output the kernel sees.

    Args:
        output: which outputs the kernel sees.
        outputs: all outputs of the model.
        targets: classes, or regression targets for `scalar`.

    Returns:
        1 − g for `label`, onehot(y) − f for `trace`, y − f for `scalar`; dtype of `outputs`.

    Raises:
        ValueError: if a class is none of the outputs.

    Example:
        >>> residuals("label", np.array([[0.25, 0.5]]), np.array([1]))
        array([[0.5]])
    """
    if output == "scalar":
        return targets.astype(outputs.dtype)[:, None] - outputs
    classes = targets.astype(np.int64)
    _check_classes(classes, outputs.shape[1])
    one_hot = np.eye(outputs.shape[1], dtype=outputs.dtype)[classes]
    if output == "trace":
        return one_hot - outputs
    return 1 - np.sum(one_hot * outputs, axis=1, keepdims=True)


def _check_classes(classes: Int[np.ndarray, " n"], num_logits: int) -> None:
    """Refuse a class that is none of the model's logits."""
    low, high = int(classes.min()), int(classes.max())
    if low < 0 or high >= num_logits:
        raise ValueError(
            f"labels: wanted classes in 0..{num_logits - 1}, the model's logits, got {low}..{high};"
            " fix the labels or give the model more outputs"
        )


def example_row(inputs: Num[Array, "n ..."]) -> jax.ShapeDtypeStruct:
    """Shape (1, ...) of one row of inputs, and the dtype that it has on a device.

    float64 stays only where JAX's 64 bits are on.
    """
    return jax.ShapeDtypeStruct((1, *inputs.shape[1:]), jax.dtypes.canonicalize_dtype(inputs.dtype))


def _num_logits(apply: Apply, variables: Variables, inputs: Num[Array, "n ..."]) -> int:
    """Columns of the model's output."""
    one = jax.eval_shape(apply, variables, example_row(inputs))
    if one.ndim != 2 or one.shape[0] != 1:
        raise ValueError(
            f"apply: wanted outputs of shape (n, k), got {one.shape} for one row; "
            "reshape the model's output"
        )
    return one.shape[1]
