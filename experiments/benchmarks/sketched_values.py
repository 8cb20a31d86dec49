"""What is left of wrong rows, of the order of parties, and of ν's size when the kernel is a sketch.

One network, the CNN, and images of scikit-learn's digits or of MNIST; every sketch is drawn by
several keys. A tenth of all rows has a wrong label and is to be found by its margin. The same rows
in eight parties, with 0 to 70 % wrong labels, have Shapley values by kernel regression and by
complexity. The complexity is that of all rows, at the paper's ridge and at one of a hundredth of
the mean diagonal.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Bool, Float

from davinz_jax.data import Dataset, flip_labels, load_digits, load_mnist
from davinz_jax.detection import label_margins
from davinz_jax.evaluation import detection_auc, spearman
from davinz_jax.kernels.combine import relabel
from davinz_jax.linalg import mean_diagonal
from davinz_jax.models import CNN, apply_function, initialise
from davinz_jax.ntk import TangentKernel, tangent_kernel
from davinz_jax.semivalues import Valuation, add_sketch_error, shapley
from davinz_jax.types import Utility
from davinz_jax.utility import ComplexityUtility, KernelRegressionUtility
from experiments.benchmarks.measuring import Check, number_check, record, spread
from experiments.benchmarks.sketches import EXACT, name_of
from experiments.benchmarks.workloads import equal_parties

NUM_PARTIES = 8
WRONG, STEP = 0.1, 0.1
"""Share of all rows that is wrong; and by how much more each party is than the one before it."""
PAPER_RIDGE, RELATIVE_RIDGE = 1e-4, 1e-2
_AUC_BOUND = 0.05
"""How far the mean AUC of the largest sketch may be from that of the exact kernel."""
_LEVEL = 0.95


class Question(NamedTuple):
    """Rows, what is wrong with them, and a network; labels do not enter its kernel.

    Attributes:
        dataset: right labels.
        flipped: with a tenth of the labels wrong, and which they are.
        parted: with party after party worse.
        variables: of the network.
    """

    dataset: Dataset
    flipped: tuple[Dataset, Bool[np.ndarray, " n"]]
    parted: Dataset
    variables: Any


class Answers(NamedTuple):
    """What one kernel says: AUC, values of parties with their errors, complexities, and seconds."""

    auc: float
    regression: Valuation
    complexity: Valuation
    sizes: tuple[float, float]
    seconds: float


def values_by_sketch(
    *, data: str, num_rows: int, num_validation_rows: int, sizes: Sequence[int], num_keys: int
) -> dict[str, Any]:
    """What the exact kernel and sketches of several sizes say of rows, parties and ν.

    Args:
        data: `digits` or `mnist`.
        num_rows: n.
        num_validation_rows: m, that judge the parties.
        sizes: k of each sketch.
        num_keys: sketches of each size.
    """
    question = _ask(data, num_rows, num_validation_rows)
    exact = [_answer(question, None, 0) for _ in range(2)][-1]  # the first one compiles
    found = {size: [_answer(question, size, key) for key in range(num_keys)] for size in sizes}
    sides: dict[str, dict[str, Any]] = {EXACT: {"seconds": exact.seconds}}
    for size, answers in found.items():
        seconds = spread([each.seconds for each in answers])
        sides[name_of(size)] = {"seconds": seconds}
    away = exact.auc - np.mean([each.auc for each in found[max(sizes)]])
    checks = [check for size in sizes for check in _checks(name_of(size), found[size], exact)]
    return record(
        sides,
        [number_check(f"{EXACT}, AUC of wrong rows", exact.auc), *checks],
        error=float(abs(away)),
        error_bound=_AUC_BOUND,
        error_of="AUC of wrong rows, mean of the largest sketch's keys less the exact kernel's",
        inputs=question.dataset.name,
    )


def _ask(data: str, num_rows: int, num_validation_rows: int) -> Question:
    load = load_digits if data == "digits" else load_mnist
    dataset = load(num_rows=num_rows, num_validation_rows=num_validation_rows)
    parties, parted = equal_parties(num_rows, NUM_PARTIES), dataset
    for party in range(1, NUM_PARTIES):
        rows, key = np.flatnonzero(parties.indices == party), jax.random.key(party)
        parted, _ = flip_labels(parted, fraction=STEP * party, rows=rows, key=key)
    variables = initialise(CNN(), jax.random.key(0), dataset.inputs)
    flipped = flip_labels(dataset, fraction=WRONG, key=jax.random.key(100))
    return Question(dataset, flipped, parted, variables)


def _answer(question: Question, size: int | None, key: int) -> Answers:
    start = time.perf_counter()
    kernel = tangent_kernel(
        apply_function(CNN()), [question.variables], question.dataset, output="trace",
        with_validation=True, sketch=size, key=jax.random.key(key),
    )  # fmt: skip
    seconds = time.perf_counter() - start
    dataset, (flipped, wrong) = question.dataset, question.flipped
    of_flipped = relabel(kernel, dataset.targets, flipped.targets)
    margins = label_margins(of_flipped, flipped.targets).margin
    of_parted = relabel(kernel, dataset.targets, question.parted.targets)
    regression, complexity = _utilities(of_parted, question.parted)
    costs = [_complexity(kernel, ridge) for ridge in (PAPER_RIDGE, _relative(kernel))]
    return Answers(
        float(detection_auc(margins, wrong)), _value(regression), _value(complexity),
        (costs[0], costs[1]), seconds,
    )  # fmt: skip


def _utilities(kernel: TangentKernel, dataset: Dataset) -> tuple[Utility, Utility]:
    """Regression judged by the validation set, and the complexity; at one ridge."""
    parties, ridge = equal_parties(len(dataset), NUM_PARTIES), _relative(kernel)
    targets = dataset.validation.targets
    regression = KernelRegressionUtility(
        kernel, parties, targets, ridge=ridge, metric="cross_entropy", is_ensemble=True
    )
    return regression, ComplexityUtility(kernel, parties, ridge=ridge)


def _value(utility: Utility) -> Valuation:
    value = partial(shapley, key=None)
    return add_sketch_error(value(utility), utility, value)


def _complexity(kernel: TangentKernel, ridge: float) -> float:
    parties = equal_parties(kernel.residual.shape[1], NUM_PARTIES)
    return float(ComplexityUtility(kernel, parties, ridge=ridge).grand().mean())


def _relative(kernel: TangentKernel) -> float:
    return RELATIVE_RIDGE * float(mean_diagonal(kernel.blocks, kernel.rows))


def _checks(name: str, answers: Sequence[Answers], exact: Answers) -> list[Check]:
    """Numbers of one size of sketch, over its keys."""
    numbers: Mapping[str, Sequence[float]] = {
        "AUC of wrong rows": [each.auc for each in answers],
        "order of parties by regression, Spearman with exact": [
            _order(each.regression, exact.regression) for each in answers
        ],
        "order of parties by complexity, Spearman with exact": [
            _order(each.complexity, exact.complexity) for each in answers
        ],
        "complexity over exact, ridge 1e-4": [each.sizes[0] / exact.sizes[0] for each in answers],
        "complexity over exact, ridge 1 % of the mean diagonal": [
            each.sizes[1] / exact.sizes[1] for each in answers
        ],
        "values of parties within 95 % intervals by the sketch alone": [
            _share_held(each, exact) for each in answers
        ],
    }
    return [Check(f"{name}, {what}", spread(values)) for what, values in numbers.items()]


def _order(found: Valuation, exact: Valuation) -> float:
    return float(spearman(found.values, exact.values))


def _share_held(found: Answers, exact: Answers) -> float:
    """Share of the exact values of parties, by both utilities, that are in the intervals."""
    pairs = [(found.regression, exact.regression), (found.complexity, exact.complexity)]
    return float(np.mean([_is_held(*pair) for pair in pairs]))


def _is_held(found: Valuation, exact: Valuation) -> Bool[np.ndarray, " p"]:
    assert found.sketched is not None  # it is a sketch's
    width = found.sketched.spread.quantile(_LEVEL) * found.stderr_sketch
    apart: Float[np.ndarray, " p"] = np.abs(found.values - exact.values)
    return apart <= width
