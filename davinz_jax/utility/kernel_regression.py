"""Performance on a labelled validation set of regression with a kernel."""

from collections.abc import Callable
from typing import Any, Literal, final, get_args

import numpy as np
from jaxtyping import Float, Num
from scipy.special import log_softmax

from davinz_jax.choices import check_choice
from davinz_jax.data.dataset import Parties
from davinz_jax.kernels import Kernel
from davinz_jax.linalg import Ridge, SolverName, predictions
from davinz_jax.utility.kernel_algebra import AbstractKernelUtility, divide

Metric = Literal["accuracy", "mse", "cross_entropy"]
"""Share of validation rows whose largest output is their class; −MSE; −softmax cross-entropy."""


@final
class KernelRegressionUtility(AbstractKernelUtility):
    r"""u(S): how well f_S(t) = f₀(t) + K_tS (K_SS + λI)⁻¹ r_S does on the validation set.

    This is what the network, linearised at initialisation, predicts once trained on S; u(∅) is the
    untrained network's performance. In diagonal blocks, each block has a regression of its own, and
    the prediction is their mean weighted by the rows that the coalition has in each (divide and
    conquer): a choice, for coalitions, prefixes and leave-one-out alike.

    The metric is `accuracy`; `mse`, minus the squared error to the (one-hot) targets, averaged over
    rows and outputs; or `cross_entropy`, minus the cross-entropy of softmax(f_S(t)): outputs are
    fitted to one-hot targets, so the softmax is a link, at temperature 1, not a likelihood that was
    maximised.

    Args:
        kernel: kernel with the validation set's rows (tangent kernel: output `trace` or `scalar`).
        parties: players; a party of one row is a row as player.
        validation_targets: classes 0..k-1 of the m validation rows, numbers for one output.
        ridge: λ ≥ 0, absolute, in the kernel's unit (output²); or one for each initialisation.
        metric: what is measured; `accuracy` and `cross_entropy` are for classes.
        multiplicity: times each row counts, in row order; once by default.
        solver: where the algebra runs; `auto` suits the machine.

    Raises:
        ValueError: as `ComplexityUtility`; a kernel without validation rows; targets that do not
            match.

    References:
        Zhang, Duchi & Wainwright 2013, "Divide and Conquer Kernel Ridge Regression"
        (`zhang2013divide`).
    """

    terms = ("kernel_regression",)

    def __init__(
        self,
        kernel: Kernel,
        parties: Parties,
        validation_targets: Num[np.ndarray, " m"],
        *,
        ridge: Ridge,
        metric: Metric = "accuracy",
        multiplicity: Num[np.ndarray, " n"] | None = None,
        solver: SolverName = "auto",
    ) -> None:
        across, self._start = _validation_parts(kernel, validation_targets)
        self.metric: Metric = metric
        self._score = _scorer(metric, validation_targets, self._start.shape[-1])
        super().__init__(
            kernel,
            parties,
            np.concatenate([kernel.residual, across.swapaxes(1, 2)], axis=2, dtype=np.float64),
            predictions(*self._start.shape[1:]),
            ridge=ridge,
            multiplicity=multiplicity,
            solver=solver,
        )

    def predictions(self) -> Float[np.ndarray, "i m k"]:
        """Outputs on the validation rows of the regression on all rows."""
        return self._start + self._grand_sums / self._system.group_sizes.sum()

    def describe(self) -> dict[str, Any]:
        """Kind, metric, validation rows, ridge, blocks and how the kernel was made."""
        return {
            "kind": "kernel_regression",
            "metric": self.metric,
            "num_validation_rows": self._start.shape[1],
            **self.describe_kernel(),
        }

    def _finish(
        self, initialisation: int, sums: Float[np.ndarray, "c m k"], sizes: Float[np.ndarray, " c"]
    ) -> Float[np.ndarray, " c"]:
        return self._score(self._start[initialisation] + divide(sums, sizes))


def _validation_parts(
    kernel: Kernel, validation_targets: Num[np.ndarray, " m"]
) -> tuple[Num[np.ndarray, "i m n"], Float[np.ndarray, "i m k"]]:
    """Kernel and outputs of the validation rows, checked."""
    if kernel.validation_kernel is None or kernel.validation_outputs is None:
        raise ValueError(
            "kernel: wanted validation rows, got none; compute it with with_validation=True"
        )
    num_rows = kernel.validation_kernel.shape[1]
    if len(validation_targets) != num_rows:
        raise ValueError(
            f"validation_targets: wanted {num_rows} targets, one for each validation row, got "
            f"{len(validation_targets)}; use those of the dataset that the kernel was made of"
        )
    return kernel.validation_kernel, kernel.validation_outputs.astype(np.float64)


Score = Callable[[Float[np.ndarray, "c m k"]], Float[np.ndarray, " c"]]


def _scorer(metric: Metric, targets: Num[np.ndarray, " m"], num_outputs: int) -> Score:
    """Performance of predictions."""
    check_choice("metric", metric, get_args(Metric))
    if num_outputs == 1:
        if metric != "mse":
            raise ValueError(f"metric: wanted mse for a single output, got {metric}; use mse")
        return lambda outputs: -np.mean((outputs[..., 0] - targets) ** 2, axis=1)
    _check_classes(targets, num_outputs)
    index = targets.astype(np.int64)
    if metric == "accuracy":
        return lambda outputs: np.mean(outputs.argmax(-1) == index, axis=1)
    if metric == "mse":
        one_hot = np.eye(num_outputs)[index]
        return lambda outputs: -np.mean((outputs - one_hot) ** 2, axis=(1, 2))
    rows = np.arange(len(index))
    return lambda outputs: log_softmax(outputs, axis=-1)[:, rows, index].mean(1)


def _check_classes(targets: Num[np.ndarray, " m"], num_outputs: int) -> None:
    is_class = (targets == np.floor(targets)) & (targets >= 0) & (targets < num_outputs)
    if not is_class.all():
        raise ValueError(
            f"validation_targets: wanted classes 0..{num_outputs - 1}, got "
            f"{targets[~is_class][0]}; number the classes as in the data"
        )
