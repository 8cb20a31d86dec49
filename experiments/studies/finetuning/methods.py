"""Values of rows, by the tangent kernel and by rivals; the higher, the better the row.

All see the same rows with the same wrong labels. Those that judge rows by a validation set see its
true labels; margins see none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import scipy.linalg
from jaxtyping import Float

from davinz_jax import Ingredients, KernelOptions, Parties, Sampling, shapley
from davinz_jax.baselines.knn_shapley import row_values
from davinz_jax.detection import label_margins
from davinz_jax.kernels import Kernel
from experiments.runtime.console import Stages
from experiments.studies.finetuning.problem import Problem, as_numbers

METRIC = "soft_accuracy"
"""Utility of a set of rows: mean probability of the right class on the validation rows."""
BALANCED = "balanced_soft_accuracy"
"""Likewise, with every class of the validation rows counting alike."""


class Scored(NamedTuple):
    """Values of rows, and their sampling error where there is one."""

    values: Float[np.ndarray, " n"]
    stderr: Float[np.ndarray, " n"] | None = None


class Method(NamedTuple):
    """A way to value rows.

    Attributes:
        title: for tables.
        is_clean: whether it sees validation rows with true labels.
        is_ours: whether it is of the tangent kernel.
    """

    title: str
    is_clean: bool
    is_ours: bool


METHODS: Mapping[str, Method] = {
    "tangent_shapley": Method("Shapley, tangent kernel", True, True),
    "balanced_shapley": Method("Shapley, tangent kernel, classes alike", True, True),
    "tangent_margin": Method("leave-one-out margin, tangent kernel", False, True),
    "frozen_shapley": Method("Shapley, RBF on frozen features", True, False),
    "frozen_margin": Method("leave-one-out margin, RBF on frozen features", False, False),
    "tfidf_margin": Method("leave-one-out margin, RBF on TF-IDF", False, False),
    "knn_shapley": Method("KNN-Shapley on frozen features", True, False),
    "influence": Method("influence function, tangent kernel", True, False),
    "random": Method("random", False, False),
}
"""Methods by name, in the order of the tables."""


@dataclass(frozen=True)
class Bench:
    """The methods on one problem.

    Attributes:
        problem: rows and encoder.
        parameters: pattern of the parameters that would be fine-tuned.
        num_permutations: of sampled Shapley values.
        store: folder of kernels and checkpoints.
        seed: of permutations and of the random order.
        stages: times what takes long.
    """

    problem: Problem
    parameters: str
    num_permutations: int
    store: Path
    seed: int
    stages: Stages

    def score(self, name: str) -> Scored:
        """Values by one of `METHODS`."""
        every: dict[str, Callable[[], Scored]] = {
            "tangent_shapley": partial(self._shapley, "ntk"),
            "balanced_shapley": partial(self._shapley, "ntk", BALANCED),
            "tangent_margin": partial(self._margin, "ntk"),
            "frozen_shapley": partial(self._shapley, "rbf"),
            "frozen_margin": partial(self._margin, "rbf"),
            "tfidf_margin": self._tfidf_margin,
            "knn_shapley": self._knn_shapley,
            "influence": self._influence,
            "random": self._random,
        }
        return every[name]()

    @cached_property
    def ingredients(self) -> Ingredients:
        """Kernels and utilities of the rows, each a player."""
        problem, count = self.problem, len(self.problem.dataset)
        rows = Parties(np.arange(count), tuple(f"row {row}" for row in range(count)))
        options = KernelOptions(
            output="first", parameters=self.parameters, store=str(self.store / "kernel")
        )
        return Ingredients(
            problem.model, problem.dataset, rows, key=self._key(0),
            initialisations=[problem.variables], kernel_options=options,
            progress=self.stages.progress, num_resamples=0,
        )  # fmt: skip

    def kernel(self, name: str) -> Kernel:
        """Kernel of the rows and of the validation rows with them."""
        with self.stages.stage(f"kernel {name}"):
            return self.ingredients.regression_kernel(name)

    def _shapley(self, kernel: str, metric: str = METRIC) -> Scored:
        self.kernel(kernel)
        utility = self.ingredients.kernel_regression(metric=metric, kernel=kernel)
        name = kernel if metric == METRIC else f"{kernel}_{metric}"
        sampling = Sampling("permutation", num_samples=self.num_permutations)
        with self.stages.stage(f"Shapley values, {name.replace('_', ' ')}"):
            found = shapley(
                utility, sampling=sampling, key=self._key(1),
                checkpoint=self.store / f"shapley_{name}.npz", progress=self.stages.progress,
            )  # fmt: skip
        return Scored(found.values, found.stderr)

    def _margin(self, kernel: str) -> Scored:
        found = self.kernel(kernel)
        with self.stages.stage(f"margins, {kernel}"):
            return Scored(label_margins(found, self.problem.dataset.targets).margin)

    def _tfidf_margin(self) -> Scored:
        with self.stages.stage("margins, TF-IDF"):
            dataset = as_numbers(self.problem, frequencies(self.problem.texts))
            made = Ingredients(None, dataset, self.ingredients.parties, key=self._key(0))
            kernel = made.regression_kernel("rbf")
            return Scored(label_margins(kernel, dataset.targets).margin)

    def _knn_shapley(self) -> Scored:
        problem = self.problem
        with self.stages.stage("KNN-Shapley"):
            return Scored(
                row_values(
                    problem.embeddings, problem.dataset.targets,
                    problem.validation_embeddings, problem.validation_labels,
                )
            )  # fmt: skip

    def _influence(self) -> Scored:
        """First-order fall of validation error as a row's weight grows, on the same gradients."""
        kernel, problem = self.kernel("ntk"), self.problem
        with self.stages.stage("influence"):
            ridge = label_margins(kernel, problem.dataset.targets).curves[0].ridge
            count = problem.dataset.num_classes
            judged = np.eye(count)[problem.validation_labels]
            return Scored(influence(kernel, judged, ridge))

    def _random(self) -> Scored:
        generator = np.random.default_rng(self.seed)
        return Scored(generator.permutation(len(self.problem.dataset)).astype(float))

    def _key(self, number: int) -> Any:
        return jax.random.fold_in(jax.random.key(self.seed), number)


def frequencies(texts: Sequence[str]) -> Float[np.ndarray, "n d"]:
    """TF-IDF of texts: the 5,000 most frequent words, logarithms of counts, rows of length 1."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    found: Any = TfidfVectorizer(max_features=5000, sublinear_tf=True).fit_transform(texts)
    return found.toarray().astype(np.float32)


def influence(
    kernel: Kernel, judged: Float[np.ndarray, "m k"], ridge: float
) -> Float[np.ndarray, " n"]:
    """Derivative of minus half the squared error on validation rows by each row's weight.

    With A = (K + λI)⁻¹ and residuals r of the fit on all rows, ∂f(v)/∂w_i = [K_v A]_i r_i, so that
    the value is Σ_v [K_v A]_i ⟨r_i, r_v⟩ / m: an influence function, in the form that TRAK and
    LoGra give gradients of a network, here without projections.

    Args:
        kernel: of n rows and of m validation rows with them, dense, of one draw.
        judged: targets of the validation rows, one-hot.
        ridge: λ, absolute.
    """
    gram, residual = np.asarray(kernel.blocks[0, 0], float), np.asarray(kernel.residual[0], float)
    assert kernel.validation_kernel is not None  # asked for
    assert kernel.validation_outputs is not None
    cross = np.asarray(kernel.validation_kernel[0], float)
    factor = scipy.linalg.cho_factor(gram + ridge * np.eye(len(gram)))
    coefficients = scipy.linalg.cho_solve(factor, residual)
    wrong_by = judged - np.asarray(kernel.validation_outputs[0], float) - cross @ coefficients
    steps = scipy.linalg.cho_solve(factor, cross.T)  # (n, m)
    return np.einsum("nm,nk,mk->n", steps, ridge * coefficients, wrong_by) / len(judged)
