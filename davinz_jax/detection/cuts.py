"""Where to cut a score: below it, rows are dropped.

`cut_two_means` parts large costs from small ones so that the squares within are least;
`cut_rate` drops the share that the user knows to be wrong; `cut_wrong_labels` drops as many rows as
may go with at most a given share of clean ones among them, by a mixture that the labels' own
predictions give, and `cut_false_discovery` the same for any score, by two normal distributions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int, Num, ScalarLike, Shaped

from davinz_jax.detection.mixture import Mixture, all_margins, fit_label_mixture, fit_mixture

Rule = Literal["two_means", "rate", "false_discovery"]


@dataclass(frozen=True)
class Cut:
    """Rows dropped, and why.

    Attributes:
        rule: which rule cut.
        dropped: the rows dropped.
        threshold: of the score cut: rows at or beyond it are dropped; NaN if none is.
        details: what the rule was given and found, as JSON would hold it.
    """

    rule: Rule
    dropped: Bool[np.ndarray, " n"]
    threshold: float
    details: Mapping[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """The rule, its threshold and findings, as JSON would hold them."""
        return {
            "rule": self.rule,
            "threshold": self.threshold,
            "num_dropped": int(self.dropped.sum()),
            **self.details,
        }


def cut_two_means(costs: Float[np.ndarray, " n"]) -> Cut:
    """Drop the upper of the two clusters whose squared distances to their means add up to least.

    Exact: in one dimension clusters are runs of the sorted costs, and prefix sums give every
    split at once.

    Raises:
        ValueError: if all costs are equal, or not finite.

    >>> cut_two_means(np.array([0.1, 2.0, 0.2, 1.8])).dropped.tolist()
    [False, True, False, True]
    """
    _check_finite("costs", costs)
    ordered = np.sort(costs)
    if not ordered[-1] > ordered[0]:
        raise ValueError(
            f"costs: wanted numbers that differ, got {len(costs)} equal ones; no row stands out"
        )
    ordered = ordered - ordered.mean()  # so that the sums below lose no digits to the offset
    count, below = np.arange(1, len(ordered)), np.cumsum(ordered)[:-1]
    between = np.square(below) / count + np.square(below) / (len(ordered) - count)
    between[np.diff(ordered) == 0] = -np.inf  # equal costs are not parted
    first = int(between.argmax()) + 1
    threshold = float(np.sort(costs)[first])
    return Cut("two_means", costs >= threshold, threshold)


def cut_rate(margins: Num[np.ndarray, " n"], *, rate: ScalarLike) -> Cut:
    """Drop the share of rows that is known to be wrong, those of lowest margin.

    Args:
        margins: low is doubtful; of equal ones the first rows are dropped.
        rate: share in (0, 1).

    Raises:
        ValueError: for a rate outside (0, 1).

    >>> cut_rate(np.array([0.9, -1.0, 0.8, 0.7]), rate=0.25).dropped.tolist()
    [False, True, False, False]
    """
    share = _share("rate", rate)
    _check_finite("margins", margins)
    order = np.argsort(margins, kind="stable")[: round(share * len(margins))]
    return _lowest(margins, order, "rate", {"rate": share})


def cut_wrong_labels(
    outputs: Float[np.ndarray, "n k"], targets: Int[np.ndarray, " n"], *, bound: ScalarLike
) -> Cut:
    """Drop as many rows of low margin as may go with at most this share of clean ones among them.

    Args:
        outputs: predictions of rows without them, one column a class, as `RowCheck` has.
        targets: labels given.
        bound: share in (0, 1) of clean rows among those dropped, expected by `fit_label_mixture`.

    Raises:
        ValueError: for a bound outside (0, 1).
    """
    share = _share("bound", bound)
    _check_finite("outputs", outputs)
    mixture = fit_label_mixture(outputs, targets)
    num = _count_allowed(mixture.false_discoveries, share)
    found = float(mixture.false_discoveries[num - 1]) if num else 0.0
    margins = all_margins(outputs)[np.arange(len(targets)), targets]
    details = {"bound": share, "expected_false_discoveries": found, "wrong_share": mixture.share}
    order = np.argsort(margins, kind="stable")[:num]
    return _lowest(margins, order, "false_discovery", details)


def cut_false_discovery(margins: Num[np.ndarray, " n"], *, bound: ScalarLike) -> Cut:
    """Drop as many rows of low margin as a mixture lets be clean in at most this share of cases.

    Two normal distributions are fitted to the margins; a row's chance of being clean is made to
    rise with its margin, and rows are dropped from the lowest on while the mean chance among them
    is at most the bound. No row may be.

    Args:
        margins: low is doubtful.
        bound: share in (0, 1) of clean rows among those dropped.

    Raises:
        ValueError: for a bound outside (0, 1); fewer than four margins, or equal ones.
    """
    share = _share("bound", bound)
    _check_finite("margins", margins)
    mixture = fit_mixture(margins.astype(np.float64))
    order = np.argsort(margins, kind="stable")
    clean = 1 - mixture.low_chance(margins.astype(np.float64)[order])
    expected = np.cumsum(clean) / np.arange(1, len(order) + 1)
    num = _count_allowed(expected, share)
    found = float(expected[num - 1]) if num else 0.0
    details = {"bound": share, "expected_false_discoveries": found, **_mixture_details(mixture)}
    return _lowest(margins, order[:num], "false_discovery", details)


def check_classes_left(cut: Cut, targets: Shaped[np.ndarray, " n"]) -> None:
    """Refuse a cut that leaves no row, or rows of one class only.

    Raises:
        ValueError: if it does.
    """
    left = np.unique(targets[~cut.dropped])
    if len(left) < 2:
        kept = f"only class {left[0]}" if len(left) else "no row"
        raise ValueError(
            f"cut: wanted rows of two classes or more left, got {kept} after dropping "
            f"{int(cut.dropped.sum())} of {len(targets)} rows by {cut.rule}; drop a lower rate"
        )


def _count_allowed(expected: Float[np.ndarray, " n"], bound: float) -> int:
    """Rows that may go: the most whose expected share is within the bound."""
    allowed = np.flatnonzero(expected <= bound)
    return int(allowed[-1]) + 1 if len(allowed) else 0


def _lowest(margins: np.ndarray, rows: np.ndarray, rule: Rule, details: dict[str, Any]) -> Cut:
    dropped = np.zeros(len(margins), bool)
    dropped[rows] = True
    threshold = float(margins[rows].max()) if len(rows) else float("nan")
    return Cut(rule, dropped, threshold, details)


def _mixture_details(mixture: Mixture) -> dict[str, Any]:
    return {
        "low_share": mixture.low_share,
        "means": list(mixture.means),
        "deviations": list(mixture.deviations),
    }


def _share(argument: str, value: ScalarLike) -> float:
    share = float(np.asarray(value))
    if not 0 < share < 1:
        raise ValueError(
            f"{argument}: wanted a share in (0, 1), got {share:g}; 0.1 is one row in ten"
        )
    return share


def _check_finite(argument: str, values: np.ndarray) -> None:
    if not len(values) or not np.isfinite(values).all():
        raise ValueError(
            f"{argument}: wanted finite numbers, one a row, got {len(values)} with NaN or "
            "infinity, or none; check the kernel they are from"
        )
