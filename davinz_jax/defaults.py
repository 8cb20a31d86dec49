"""What is valued how, where nothing is said: the utility, its kernel, metric and ridge, the values.

Commands with `auto` and `DataValuer` take it from here. What is chosen was decided on choosing
draws and shown on others: kernels and ridges in docs/fidelity.md, metrics of parties in
docs/party_quality.md; for rows, see `ROW_METRIC`.
"""

from typing import Literal, NamedTuple

from davinz_jax.semivalues.sampling import AUTO_EXACT, Sampling
from davinz_jax.semivalues.stopping import Stopping
from davinz_jax.types import Task
from davinz_jax.utility.options import PAPER_RIDGE

UtilityName = Literal["kernel_regression", "confidence", "davinz"]
"""The utilities of `Ingredients` that are chosen from."""

COSTS = ("davinz", "complexity", "discrepancy")
"""The paper's utilities, all of `Ingredients`; their ridge and semivalue are the paper's too."""

ROW_METRIC = "soft_accuracy"
"""Metric that rows are valued by. One row seldom changes a hit; its leave-one-out value by soft
accuracy found rows of flipped labels (10 % of 300, six data sets, RBF, ridge by leave-one-out) with
AUC .91 on the draws that showed it, −MSE .83, −cross-entropy .81, accuracy .53; the choosing draws
had .88, .80, .79, .55."""

PARTY_METRICS = {"raw": "soft_accuracy", "network": "soft_accuracy_minus_brier"}
"""Metrics that parties are valued by, of kernels of raw inputs and of those of a network. Hits are
few steps: by accuracy, parties that differ by wrong labels or by noise come in worse order, far
worse by leave-one-out, than by these (docs/party_quality.md), which its choosing draws chose."""

SET_METRICS = {"raw": "correlation", "network": "sharpened_accuracy"}
"""Metrics that all rows together are scored by, to compare sets: of kernels of raw inputs and of
those of a network, those that the choosing draws of docs/fidelity.md chose."""

RELATIVE_STDERR = 0.05
"""Sampling ends once no standard error is more of the largest value, or at its budget."""


class UsualSemivalue(NamedTuple):
    """How values are taken.

    Attributes:
        name: of the function in `semivalues`.
        sampling: its sampling, where it takes one.
        reason: why, in words.
    """

    name: Literal["shapley", "leave_one_out"]
    sampling: Sampling | None
    reason: str


def usual_utility(task: Task, *, is_labelled: bool) -> tuple[UtilityName, str]:
    """What a coalition is judged by, and why.

    Args:
        task: classification or regression.
        is_labelled: whether the validation rows have targets, those of folds among them.
    """
    if is_labelled:
        return "kernel_regression", "the validation set has labels"
    if task == "regression":
        return "davinz", (
            "the validation set has no targets, and no other score of numbers does without"
        )
    return "confidence", "the validation set has no labels"


def usual_kernel(utility: str, *, with_network: bool) -> Literal["ntk", "laplace", "rbf"]:
    """Kernel of a regression: the network's where there is one, else of raw inputs."""
    if with_network:
        return "ntk"
    return "laplace" if utility == "confidence" else "rbf"


def usual_metric(task: Task, *, values_rows: bool, with_network: bool) -> str:
    """Metric of kernel regression on labelled validation rows.

    Args:
        task: classification or regression.
        values_rows: whether single rows are the players.
        with_network: whether the kernel looks through a network.
    """
    if task == "regression":
        return "mse"
    return ROW_METRIC if values_rows else PARTY_METRICS["network" if with_network else "raw"]


def usual_set_metric(task: Task, *, with_network: bool) -> str:
    """Metric by which all rows together are scored, on labelled validation rows.

    Args:
        task: classification or regression.
        with_network: whether the kernel looks through a network.
    """
    return "r2" if task == "regression" else SET_METRICS["network" if with_network else "raw"]


def usual_ridge(utility: str) -> float | str:
    """λ: the paper's for its own, else that of least leave-one-out error."""
    return PAPER_RIDGE if utility in COSTS else "auto"


def usual_semivalue(utility: str, num_players: int, *, values_rows: bool) -> UsualSemivalue:
    """How values are taken of a utility.

    Args:
        utility: its name in `Ingredients`.
        num_players: parties, or rows.
        values_rows: whether single rows are the players.

    >>> usual_semivalue("kernel_regression", 12, values_rows=False).sampling.method
    'exact'
    """
    if values_rows:
        return UsualSemivalue(
            "leave_one_out", None, "leave-one-out, for rows have it in closed form"
        )
    if utility in COSTS:
        return UsualSemivalue("leave_one_out", None, "leave-one-out, for it is the paper's")
    if num_players <= AUTO_EXACT:
        reason = f"there are at most {AUTO_EXACT} parties"
        return UsualSemivalue("shapley", Sampling("exact"), reason)
    stopping = Stopping(relative_stderr=RELATIVE_STDERR)
    reason = f"there are more than {AUTO_EXACT} parties"
    return UsualSemivalue("shapley", Sampling("antithetic", stopping=stopping), reason)
