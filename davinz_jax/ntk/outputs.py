r"""Outputs that a tangent kernel sees, and the residuals it is to explain.

With logits f(x) of k classes: `label` is the logit g = f_y(x) of a row's own class (the paper's),
with r = 1 − g; `trace` is all k logits, with r = onehot(y) − f and the kernel averaged over them;
`first` is the first logit, whose kernel stands for that of every class, with the r of `trace`;
`scalar` is the one output of a regression, with r = y − f.
"""

import re
from typing import NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Num, Shaped

from davinz_jax.choices import check_choice
from davinz_jax.ntk.finite import check_finite_inputs
from davinz_jax.types import Apply, Array, Output, ParameterChoice, Variables

_NUM_TRIED = 64
"""Rows among which those by which a network is judged are chosen."""
_LEAST_DIFFERENCE = 1e-3
"""Difference of outputs, of their size, beyond what the shape of a batch does to rounding."""


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
    if network.output == "first":
        return outputs[:, :1]
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
            f"output: wanted 'label', 'trace' or 'first' for a model of {num_logits} outputs, got "
            "'scalar'; choose one of these, or a model with one output"
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
        1 − g for `label`, onehot(y) − f for `trace` and `first`, y − f for `scalar`; dtype
        of `outputs`.

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
    if output in ("trace", "first"):
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


def coarsest_step(network: Network, variables: Variables, inputs: Num[Array, "n ..."]) -> float:
    """Relative step (eps) of the coarsest float that the network computes in."""
    program = str(jax.make_jaxpr(network.apply)(variables, example_row(inputs)))
    names = {"bf16": jnp.bfloat16, "f16": jnp.float16, "f32": jnp.float32, "f64": jnp.float64}
    used = set(re.findall(r"\b(b?f\d+)\[", program)) & set(names)
    return max((float(jnp.finfo(names[name]).eps) for name in used), default=0.0)


def telling_rows(inputs: Num[Array, "n ..."]) -> list[int]:
    """Two rows by which a network may be judged: large, and not alike; one where all are alike."""
    tried = np.unique(np.linspace(0, len(inputs) - 1, _NUM_TRIED).astype(int))
    flat = np.asarray(inputs)[tried].reshape(len(tried), -1).astype(np.float64)
    by_size = np.argsort(-(flat**2).sum(1), kind="stable")
    first = by_size[0]
    others = [at for at in by_size if (flat[at] != flat[first]).any()]
    return [int(tried[at]) for at in (first, *others[:1])]


def check_independent(network: Network, variables: Variables, rows: Rows) -> None:
    """Refuse a network whose outputs of a row depend on the rows beside it.

    Its kernel would be that of another function: the gradient of a row is taken of that row alone.

    Raises:
        ValueError: if the outputs of a row beside itself and beside another row differ.
    """
    telling = telling_rows(rows.inputs)
    if len(telling) < 2:
        return
    first, second = (np.asarray(rows.inputs[at]) for at in telling)
    forward = jax.jit(network.apply)
    beside_itself, beside_another = (
        np.asarray(forward(variables, np.stack([first, other])))[0].astype(np.float64)
        for other in (first, second)
    )
    size = max(np.abs(beside_itself).max(), np.abs(beside_another).max())
    difference = np.abs(beside_itself - beside_another).max()
    allowed = max(_LEAST_DIFFERENCE, 16 * coarsest_step(network, variables, rows.inputs))
    if difference > allowed * size:
        raise ValueError(
            "apply: wanted outputs of a row that do not depend on the rows beside it, got ones "
            f"that move by {difference / size:.2g} of their size; is BatchNorm in training mode? "
            "use its running averages (train=False, use_running_average=True)"
        )


def _num_logits(apply: Apply, variables: Variables, inputs: Num[Array, "n ..."]) -> int:
    """Columns of the model's output."""
    one = jax.eval_shape(apply, variables, example_row(inputs))
    if one.ndim != 2 or one.shape[0] != 1:
        raise ValueError(
            f"apply: wanted outputs of shape (n, k), got {one.shape} for one row; "
            "reshape the model's output"
        )
    return one.shape[1]
