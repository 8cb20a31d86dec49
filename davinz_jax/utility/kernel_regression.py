"""Performance on a validation set of regression with a kernel, or how sure it is of its rows."""

import copy
from collections.abc import Sequence
from functools import partial
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from davinz_jax.data.dataset import Parties
from davinz_jax.kernels import Kernel
from davinz_jax.linalg import Ridge, RidgeCurve, SolverName, predictions
from davinz_jax.utility.kernel_algebra import AbstractKernelUtility, divide
from davinz_jax.utility.metrics import Metric, MetricChoice, make_metric
from davinz_jax.utility.resampling import Resamples, check_resamples
from davinz_jax.utility.row_scores import Places, Tell, mean_by_row
from davinz_jax.utility.set_score import Judged


@final
class KernelRegressionUtility(AbstractKernelUtility):
    r"""u(S): how well f_S(t) = f₀(t) + K_tS (K_SS + λI)⁻¹ r_S does on the validation set.

    This is what the network, linearised at initialisation, predicts once trained on S; u(∅) is the
    untrained network's performance. In diagonal blocks, each block has a regression of its own, and
    the prediction is their mean weighted by the rows that the coalition has in each (divide and
    conquer): a choice, for coalitions, prefixes and leave-one-out alike.

    Outputs are fitted to one-hot targets, so that the softmax of the metric `cross_entropy` is a
    link, not a likelihood that was maximised. Several metrics share every sum: `by_metric` gives a
    utility for each, and what one has found the others have too.

    Args:
        kernel: kernel with the validation set's rows (tangent kernel: output `trace` or `scalar`).
        parties: players; a party of one row is a row as player.
        validation_targets: classes 0..k-1 of the m validation rows, numbers for one output; None
            for metrics that look at none.
        ridge: λ ≥ 0, absolute, in the kernel's unit (output²); or one for each initialisation; or
            the curve that chose it.
        metric: what is measured, or several, of which this utility is the first; names and
            functions as in `make_metric`.
        is_ensemble: score the mean prediction over initialisations, rather than each one's; the
            utility then has one initialisation.
        resamples: draws of the validation rows, from which values get an error; None for none.
        multiplicity: times each row counts, in row order; once by default.
        solver: where the algebra runs; `auto` suits the machine.

    Raises:
        ValueError: as `ComplexityUtility`; a kernel without validation rows; targets that do not
            match.

    References:
        Zhang, Duchi & Wainwright 2013, "Divide and Conquer Kernel Ridge Regression"
        (`zhang2013divide`).
    """

    _tell: Tell | None = None

    def __init__(
        self,
        kernel: Kernel,
        parties: Parties,
        validation_targets: Num[np.ndarray, " m"] | None,
        *,
        ridge: Ridge | RidgeCurve,
        metric: MetricChoice | Sequence[MetricChoice] = "accuracy",
        multiplicity: Num[np.ndarray, " n"] | None = None,
        solver: SolverName = "auto",
        is_ensemble: bool = False,
        resamples: Resamples | None = None,
    ) -> None:
        across, self._start = _validation_parts(kernel)
        self._metrics = _make_metrics(metric, validation_targets, self._start.shape[-1])
        self._num_measures = len(self._metrics)
        self._remake = partial(
            KernelRegressionUtility, parties=parties, validation_targets=validation_targets,
            metric=self._metrics, multiplicity=multiplicity, solver=solver,
            is_ensemble=is_ensemble,
        )  # fmt: skip
        self._targets = _check_targets(validation_targets, self._start.shape[1])
        check_resamples(resamples, len(self._targets))
        self._resamples = resamples
        self.terms = (self._kind,)
        super().__init__(
            kernel,
            parties,
            np.concatenate([kernel.residual, across.swapaxes(1, 2)], axis=2, dtype=np.float64),
            predictions(*self._start.shape[1:]),
            ridge=ridge,
            multiplicity=multiplicity,
            solver=solver,
            is_ensemble=is_ensemble,
        )

    @property
    def metric(self) -> str:
        """Name of what this utility measures."""
        return self._metrics[self._measure].name

    @property
    def _kind(self) -> str:
        needs_targets = any(metric.needs_targets for metric in self._metrics)
        return "kernel_regression" if needs_targets else self.metric

    @property
    def by_metric(self) -> dict[str, "KernelRegressionUtility"]:
        """A utility for each metric, by name; all share their answers."""
        found = {}
        for place, metric in enumerate(self._metrics):
            found[metric.name] = copy.copy(self)
            found[metric.name]._measure = place
            if self.resampling is not None and self._resamples is not None:
                found[metric.name].resampling = self._resamples.resampling(step=metric.step)
        return found

    def with_resamples(self) -> "KernelRegressionUtility":
        """This utility with answers under resamples, if it was given any; they share answers."""
        if self._resamples is None or self.resampling is not None:
            return self
        view = copy.copy(self)
        view._answers = self._resampled_answers
        view.resampling = self._resamples.resampling(step=self._metrics[self._measure].step)
        return view

    def predictions(self) -> Float[np.ndarray, "i m k"]:
        """Outputs on the validation rows of the regression on all rows."""
        return self._start + self._grand_sums / self._system.group_sizes.sum()

    def judged(self) -> Judged:
        """What all rows predict for the validation rows, in the mean over initialisations."""
        return Judged(self.predictions().mean(0), self._targets, self._resamples)

    @property
    def row_metric(self) -> Metric:
        """What is measured; see `RowScored`."""
        return self._metrics[self._measure]

    @property
    def row_weights(self) -> Float[np.ndarray, " m"]:
        """Weight of each validation row in the utility: 1/m; see `RowScored`."""
        return np.full(len(self._targets), 1 / len(self._targets))

    def row_scores(self) -> Float[np.ndarray, " m"]:
        """Score of each validation row by the regression on all rows; see `RowScored`."""
        outputs, by_row = self.predictions(), mean_by_row(self)
        outputs = outputs.mean(0, keepdims=True) if self.is_ensemble else outputs
        return by_row(outputs, self._targets).mean(0)

    def telling(self, tell: Tell) -> "KernelRegressionUtility":
        """This utility, whose answers are found anew, each row's scores told; see `RowScored`."""
        mean_by_row(self)
        view = copy.copy(self)
        view._answers, view._tell = {}, None
        view.grand()  # is kept, so that leave-one-out tells of nothing but what is left
        view._tell = tell
        return view

    def describe(self) -> dict[str, Any]:
        """Kind, metric, validation rows, ridge, blocks and how the kernel was made."""
        return {
            "kind": self._kind,
            **self._metrics[self._measure].describe(),
            "num_validation_rows": self._start.shape[1],
            "num_resamples": 0 if self._resamples is None else self._resamples.num,
            **self.describe_kernel(),
        }

    def _distinct(
        self, members: Bool[np.ndarray, "c p"]
    ) -> tuple[Bool[np.ndarray, "d p"], Int[np.ndarray, " c"]]:
        """All coalitions as they are asked for, where their places are told."""
        if self._tell is not None:
            return members, np.arange(len(members))
        return super()._distinct(members)

    def _finish(
        self,
        draws: Sequence[int],
        sums: Sequence[Float[np.ndarray, "c m k"]],
        sizes: Float[np.ndarray, " c"],
        coalitions: Places,
    ) -> Float[np.ndarray, "q r c"]:
        outputs = self._start[draws[0]] + divide(sums[0], sizes)
        for draw, each in zip(draws[1:], sums[1:], strict=True):
            outputs += self._start[draw] + divide(each, sizes)
        outputs /= len(draws)
        if self._tell is not None:
            scores = mean_by_row(self)(outputs, self._targets)
            self._tell(coalitions, slice(None), scores / self.num_initialisations)
        resamples = None if self.resampling is None else self._resamples
        measured = [metric.measure(outputs, self._targets, resamples) for metric in self._metrics]
        return np.stack(measured)


def _validation_parts(
    kernel: Kernel,
) -> tuple[Num[np.ndarray, "i m n"], Float[np.ndarray, "i m k"]]:
    """Kernel and outputs of the validation rows, checked."""
    if kernel.validation_kernel is None or kernel.validation_outputs is None:
        raise ValueError(
            "kernel: wanted validation rows, got none; compute it with with_validation=True"
        )
    return kernel.validation_kernel, kernel.validation_outputs.astype(np.float64)


def _make_metrics(
    metric: MetricChoice | Sequence[MetricChoice],
    targets: Num[np.ndarray, " m"] | None,
    num_outputs: int,
) -> list[Metric]:
    """One or several metrics, of which those by name need targets."""
    if isinstance(metric, str) or not isinstance(metric, Sequence):
        metric = [metric]
    if targets is None:
        for each in metric:
            if not isinstance(each, Metric) or each.needs_targets:
                raise ValueError(
                    "validation_targets: wanted the targets of the validation rows, got none; "
                    "label the validation set, or use a metric that needs no targets"
                )
        targets = np.zeros(0)
    return [make_metric(each, targets, num_outputs) for each in metric]


def _check_targets(
    validation_targets: Num[np.ndarray, " m"] | None, num_rows: int
) -> Num[np.ndarray, " m"]:
    """The targets, one a row; zeros where there are none, which nothing looks at."""
    if validation_targets is None:
        return np.zeros(num_rows)
    if len(validation_targets) != num_rows:
        raise ValueError(
            f"validation_targets: wanted {num_rows} targets, one for each validation row, got "
            f"{len(validation_targets)}; use those of the dataset that the kernel was made of"
        )
    return validation_targets
