"""A network, data and parties looked at once: the kernels from which every utility is made.

    network + data ──▶ tangent kernel, residuals ─┐
    data + validation ──▶ kernel means ───────────┤
    data + validation ──▶ any other kernel ───────┴▶ utility of any coalition

Kernels are computed when a utility first asks for them, and kept.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import linen as nn
from jaxtyping import Int, ScalarLike

from davinz_jax.choices import check_choice
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.data.randomness import check_key
from davinz_jax.kernels import Kernel, RowFunction
from davinz_jax.linalg import RidgeCurve
from davinz_jax.models import apply_function, initialise
from davinz_jax.ntk import Forecast, TangentKernel, block_rows, tangent_kernel
from davinz_jax.types import Apply, Output, PRNGKey, Progress, Variables
from davinz_jax.utility.base import WeightedSum
from davinz_jax.utility.complexity import ComplexityUtility
from davinz_jax.utility.cross_fit import (
    CrossFitUtility,
    fold_resamples,
    judge_by_folds,
    judged_by_itself,
    take_validation,
)
from davinz_jax.utility.davinz import KappaFamily, davinz_score
from davinz_jax.utility.discrepancy import DiscrepancyUtility
from davinz_jax.utility.input_comparison import compared_rows, discrepancy_maker
from davinz_jax.utility.kernel_regression import KernelRegressionUtility
from davinz_jax.utility.metrics import (
    MetricChoice,
    confidence_metric,
    default_metric,
    make_metric,
)
from davinz_jax.utility.named_kernels import KernelSource, make_kernel
from davinz_jax.utility.options import (
    PAPER_RIDGE,
    DiscrepancyOptions,
    KernelChoice,
    KernelOptions,
)
from davinz_jax.utility.resampling import NUM_RESAMPLES, Resamples, draw_resamples
from davinz_jax.utility.ridges import find_ridge, find_temperature

Stage = Callable[[str], AbstractContextManager[Any]]


class Ingredients:
    """Kernels of one network, dataset and partition, and the utilities made of them.

    Args:
        model: Flax Linen module called as `module(inputs)`; None where only kernels of raw inputs
            are asked for.
        dataset: rows to be valued, and their validation set.
        parties: the player each row belongs to.
        key: draws the initialisations, the blocks, and what bandwidth and κ are taken from.
        num_initialisations: draws of the network, where `initialisations` is not given.
        initialisations: variables of each draw, e.g. imported weights.
        kernel_options: how the tangent kernel is computed.
        discrepancy_options: how a coalition is compared with the validation set.
        kernel_choice: the kernel of a regression that names none; the tangent kernel by default.
        progress: told steps done, steps in all, and the stage.
        announce: told what the tangent kernel is expected to take, before it is begun.
        stage: context entered, by name, around `kernel` and `discrepancy`, to time them.
        num_resamples: draws of the validation set by which values get an error; 0 for none.
        beside: others of the same data and, if both have one, the same network and options of its
            kernel but the ridge: the tangent kernels of either are there for both.
    """

    def __init__(
        self,
        model: nn.Module | None,
        dataset: Dataset,
        parties: Parties,
        *,
        key: PRNGKey,
        num_initialisations: int = 5,
        initialisations: Sequence[Variables] | None = None,
        kernel_options: KernelOptions | None = None,
        discrepancy_options: DiscrepancyOptions | None = None,
        kernel_choice: KernelChoice | None = None,
        progress: Progress | None = None,
        announce: Callable[[Forecast], None] | None = None,
        stage: Stage = nullcontext,
        num_resamples: int = NUM_RESAMPLES,
        beside: "Ingredients | None" = None,
    ) -> None:
        check_key(key)
        self._resamples_key, self._num_resamples = jax.random.fold_in(key, 4), num_resamples
        draws, self._blocks_key, self._bandwidth_key, self.kappa_key = jax.random.split(key, 4)
        self.model, self.dataset, self.parties = model, dataset, parties
        self._draws, self._given = jax.random.split(draws, num_initialisations), initialisations
        self.kernel_options = kernel_options or KernelOptions()
        self.discrepancy_options = discrepancy_options or DiscrepancyOptions()
        self.kernel_choice = kernel_choice or KernelChoice()
        self._progress, self._announce, self._stage = progress, announce, stage
        self._kernels: dict[tuple[Output, bool], TangentKernel] = beside._kernels if beside else {}
        self._regression_kernels: dict[KernelChoice, Kernel] = {}
        self.computed_costs: dict[str, Any] = {}
        self._ridges: dict[Any, tuple[Kernel, float | RidgeCurve]] = {}

    @property
    def apply(self) -> Apply:
        """The network as kernels know it."""
        return apply_function(self.module)

    @cached_property
    def initialisations(self) -> Sequence[Variables]:
        """Variables of each draw of the network."""
        rows = self.dataset.inputs[:1]
        return self._given or [initialise(self.module, draw, rows) for draw in self._draws]

    @cached_property
    def compared(self) -> Dataset:
        """The rows as they are compared, as in `input_comparison.compared_rows`."""
        return compared_rows(self.dataset, lambda: (self.apply, self.initialisations))

    @property
    def values_rows(self) -> bool:
        """Whether each row is a player of its own."""
        return len(self.parties) == len(self.dataset)

    @cached_property
    def resamples(self) -> Resamples | None:
        """Draws of the validation rows, the same for every utility made here."""
        num_rows = len(self.dataset.validation)
        return draw_resamples(num_rows, self._num_resamples, key=self._resamples_key)

    @property
    def computed_kernels(self) -> tuple[TangentKernel, ...]:
        """The tangent kernels that utilities have asked for so far."""
        return tuple(self._kernels.values())

    def kernel(self, *, with_validation: bool = False) -> TangentKernel:
        """The tangent kernel, for kernel regression with that of the validation rows."""
        output = self.kernel_options.choose_output(
            self.model, self.dataset, predicts=with_validation, values_rows=self.values_rows
        )
        is_wide = with_validation and self.dataset.folds is None
        known = self._kernels.get((output, is_wide)) or self._kernels.get((output, True))
        if known is None:
            with self._stage("kernel"), self.kernel_options.numbers():
                known = tangent_kernel(
                    self.apply,
                    self.kernel_options.cast_draws(self.initialisations),
                    self.kernel_options.cast(self.dataset),
                    with_validation=is_wide,
                    **self._kernel_settings(output),
                )
            if not self.kernel_options.starts_from(self.model):
                known = known.without_outputs(self.dataset.targets)
            self._kernels[output, is_wide] = known
        return judged_by_itself(known, self.dataset) if with_validation and not is_wide else known

    def davinz(
        self, *, kappa: ScalarLike | None = None, kappa_family: KappaFamily = "leave_one_out"
    ) -> WeightedSum:
        """ν(S) = −κ·complexity − discrepancy; κ is given, or calibrated on a family."""
        return davinz_score(
            self.complexity_cost(),
            self.discrepancy_cost(),
            kappa=kappa,
            family=kappa_family,
            key=self.kappa_key,
        )

    def complexity(self) -> WeightedSum:
        """Minus the complexity: the in-domain part alone, the higher the better."""
        return (-self.complexity_cost()).with_description(kind="complexity")

    def discrepancy(self) -> WeightedSum:
        """Minus the discrepancy: the out-of-domain part alone, the higher the better."""
        return (-self.discrepancy_cost()).with_description(kind="discrepancy")

    def complexity_cost(self) -> ComplexityUtility | CrossFitUtility:
        """What a coalition's labels cost to fit; found once."""
        if "complexity" not in self.computed_costs:
            kernel = self.kernel()
            ridge = self.find_ridge(kernel, default=PAPER_RIDGE)
            make = partial(ComplexityUtility, kernel, self.parties, ridge=ridge)
            cost = self._judge(lambda _, times, __: make(multiplicity=times))
            self.computed_costs["complexity"] = cost
        return self.computed_costs["complexity"]

    def _judge(self, make: Callable[..., Any]) -> Any:
        """A utility judged by the validation set, or by the folds of rows that judge each other."""
        if self.dataset.folds is None:
            return make(slice(None), None, self.resamples)
        drawn = fold_resamples(self.dataset.folds, self._num_resamples, key=self._resamples_key)
        return judge_by_folds(self.dataset, self.parties, drawn, make)

    def discrepancy_cost(self) -> DiscrepancyUtility | CrossFitUtility:
        """How far a coalition is from the validation set; found once."""
        if "discrepancy" not in self.computed_costs:
            self.computed_costs["discrepancy"] = self._discrepancy_cost()
        return self.computed_costs["discrepancy"]

    def _discrepancy_cost(self) -> DiscrepancyUtility | CrossFitUtility:
        with self._stage("discrepancy"):
            make = discrepancy_maker(
                self.dataset,
                self.parties,
                self.discrepancy_options,
                network=lambda: (self.apply, self.initialisations),
                key=self._bandwidth_key,
                progress=self._progress,
            )
            utility = self._judge(
                lambda rows, times, drawn: make(rows, multiplicity=times, resamples=drawn)
            )
            utility.grand()  # its sums are found here rather than in the middle of the values
        return utility

    def kernel_regression(
        self,
        *,
        metric: MetricChoice | Sequence[MetricChoice] | None = None,
        kernel: KernelChoice | str | RowFunction | None = None,
        ensemble: bool = False,
        temperature: ScalarLike | str = 1.0,
    ) -> KernelRegressionUtility | CrossFitUtility:
        """Performance on the labelled validation set of regression with a kernel.

        Args:
            metric: as in `make_metric`; None is accuracy for classes and −MSE for regression.
            kernel: which, as in `KernelChoice`; None is `kernel_choice`.
            ensemble: score the mean prediction over initialisations, rather than each one's.
            temperature: of the metric `cross_entropy`; `auto` is that of least cross-entropy of
                the rows left out one by one.

        Raises:
            ValueError: if the validation set has no targets; for no network where the kernel
                needs one.
        """
        targets = self.dataset.validation.targets
        if targets is None:
            raise ValueError(
                "validation_targets: wanted the targets of the validation rows, got none; "
                "label the validation set, or use the utility confidence or davinz"
            )
        made = self.regression_kernel(kernel)
        if isinstance(metric, str) and metric == "cross_entropy":
            number = self._find_temperature(made, temperature, ensemble)
            num_outputs = made.residual.shape[2]
            metric = make_metric("cross_entropy", targets, num_outputs, temperature=number)
        metric = metric or default_metric(made.residual.shape[2])
        return self._regression(made, metric, ensemble)

    def confidence(
        self,
        *,
        kernel: KernelChoice | str | RowFunction | None = None,
        ensemble: bool = False,
        temperature: ScalarLike | str = "auto",
    ) -> KernelRegressionUtility | CrossFitUtility:
        """How sure regression with a kernel is of the validation rows: no label of theirs is used.

        Args:
            kernel: as in `kernel_regression`.
            ensemble: as in `kernel_regression`.
            temperature: of the softmax whose largest share is taken; `auto` is that of least
                cross-entropy of the rows left out with their copies: it says how far labels can be
                trusted.

        Raises:
            ValueError: for regression; for no network where the kernel needs one.
        """
        if self.dataset.task == "regression":
            raise ValueError(
                "utility: wanted classes for the confidence, got regression; give the validation "
                "set targets and use the utility kernel_regression, or use davinz"
            )
        made = self.regression_kernel(kernel)
        number = self._find_temperature(made, temperature, ensemble)
        return self._regression(made, confidence_metric(number), ensemble)

    def _regression(
        self,
        kernel: Kernel,
        metric: MetricChoice | Sequence[MetricChoice],
        ensemble: bool,
    ) -> KernelRegressionUtility | CrossFitUtility:
        targets, ridge = self.dataset.validation.targets, self.find_ridge(kernel, ensemble=ensemble)
        return self._judge(
            lambda rows, times, drawn: KernelRegressionUtility(
                take_validation(kernel, rows),
                self.parties,
                None if targets is None else targets[rows],
                ridge=ridge,
                metric=metric,
                is_ensemble=ensemble,
                multiplicity=times,
                resamples=drawn,
            )
        )

    def _find_temperature(
        self, kernel: Kernel, temperature: ScalarLike | str, ensemble: bool
    ) -> ScalarLike:
        """The temperature given, or that of the rows left out."""
        if not isinstance(temperature, str):
            return temperature
        check_choice("temperature", temperature, ("auto",))
        found = self.find_ridge(kernel, ensemble=ensemble)
        ridge = found.ridge if isinstance(found, RidgeCurve) else found
        return find_temperature(kernel, self.dataset, ridge=ridge, ensemble=ensemble)

    def regression_kernel(self, kernel: KernelChoice | str | RowFunction | None = None) -> Kernel:
        """The kernel chosen, by default `kernel_choice`, with its validation rows; kept once made.

        Raises:
            ValueError: for no network where the kernel needs one; as the kernel's own function.
        """
        choice = self.kernel_choice if kernel is None else kernel
        choice = choice if isinstance(choice, KernelChoice) else KernelChoice(choice)
        if choice not in self._regression_kernels:
            source = KernelSource(
                self.dataset,
                self._partition,
                compared=lambda: self.compared,
                tangent=lambda: self.kernel(with_validation=True),
                network=lambda: (self.apply, self.initialisations),
                key=self._bandwidth_key,
            )
            self._regression_kernels[choice] = make_kernel(choice, source)
        return self._regression_kernels[choice]

    def find_ridge(
        self, kernel: Kernel, *, ensemble: bool = False, default: float | str = "auto"
    ) -> float | RidgeCurve:
        """λ for a kernel of the dataset, as the kernel options ask; for `auto` with its curve.

        Found once for each of the kernels kept here.

        Args:
            kernel: of the dataset's rows.
            ensemble: judge the mean prediction over initialisations, not each one's.
            default: what is taken where the options name none.
        """
        ridge, unit = self.kernel_options.ridge, self.kernel_options.ridge_unit
        ridge = default if ridge is None else ridge
        known = (id(kernel), ensemble, ridge)
        if known not in self._ridges:
            found = find_ridge(kernel, self.dataset, ridge=ridge, unit=unit, ensemble=ensemble)
            self._ridges[known] = (kernel, found)  # held, so that its id stays its own
        return self._ridges[known][1]

    @property
    def ridge_curves(self) -> tuple[RidgeCurve, ...]:
        """Leave-one-out errors by which ridges were chosen so far."""
        return tuple(ridge for _, ridge in self._ridges.values() if isinstance(ridge, RidgeCurve))

    @property
    def module(self) -> nn.Module:
        """The network; raises ValueError where there is none."""
        if self.model is None:
            raise ValueError("model: wanted a network for this kernel, got none; give a model")
        return self.model

    @property
    def _partition(self) -> Int[np.ndarray, "b s"]:
        """The blocks of the tangent kernel."""
        options = self.kernel_options
        return block_rows(
            len(self.dataset),
            num_blocks=options.num_blocks,
            shuffle=options.shuffle and options.num_blocks > 1,
            key=self._blocks_key,
        )

    def _kernel_settings(self, output: Output) -> dict[str, Any]:
        """How the tangent kernel of an output is computed."""
        options = self.kernel_options
        return {
            "output": output,
            "parameters": options.parameters,
            "engine": options.make_engine(),
            "num_blocks": options.num_blocks,
            "shuffle": options.shuffle,
            "batch_size": options.batch_size,
            "memory": options.memory,
            "sketch": options.sketch_size,
            "store": None if options.store is None else Path(options.store) / output,
            "key": self._blocks_key,
            "progress": self._progress,
            "announce": self._announce,
        }
