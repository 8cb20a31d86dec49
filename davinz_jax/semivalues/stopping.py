"""When enough has been sampled."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, ScalarLike

from davinz_jax.semivalues.comparison import rank_correlations
from davinz_jax.semivalues.intervals import spread_of_mean


@dataclass(frozen=True)
class Stopping:
    """Rules that end sampling before its budget of samples is spent.

    Sampling ends when all of the accuracy rules given hold (`stderr`, `relative_stderr`,
    `rank_correlation`), or when the time is up. They are looked at whenever each group of samples
    has got one more, so that they end at the same sample in a run that was interrupted; `seconds`
    alone does not.

    Attributes:
        stderr: largest standard error over samples that any value may keep; unit of the utility.
        relative_stderr: the same, as a fraction of the largest absolute value.
        rank_correlation: least Spearman correlation of the ranks from two halves of the samples.
        seconds: time to spend, that of interrupted runs included.
    """

    stderr: ScalarLike | None = None
    relative_stderr: ScalarLike | None = None
    rank_correlation: ScalarLike | None = None
    seconds: ScalarLike | None = None

    def __post_init__(self) -> None:
        for name in ("stderr", "relative_stderr", "seconds"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise ValueError(f"{name}: wanted a positive number or None, got {limit}; drop it")
        correlation = self.rank_correlation
        if correlation is not None and not 0 < np.asarray(correlation) <= 1:
            raise ValueError(
                f"rank_correlation: wanted a number in (0, 1] or None, got {correlation}; drop it"
            )

    @property
    def asks_accuracy(self) -> bool:
        """Whether any accuracy rule is given."""
        rules = (self.stderr, self.relative_stderr, self.rank_correlation)
        return any(rule is not None for rule in rules)

    def is_accurate(
        self,
        values: Float[np.ndarray, "g p"],
        counts: Int[np.ndarray, " g"],
        scarce: Float[np.ndarray, " p"],
    ) -> bool:
        """Whether every accuracy rule given holds.

        Args:
            values: values from each group of samples alone.
            counts: samples in each group.
            scarce: variance added to values that hang on few samples, see `evidence.py`.
        """
        variance = np.square(spread_of_mean(values, counts)).sum(axis=0) + scarce
        error = np.sqrt(variance).max()
        scale = np.abs(values.mean(axis=0)).max()
        agreement, _ = rank_correlations(values[::2].mean(axis=0), values[1::2].mean(axis=0))
        achieved = (
            (self.stderr, error, np.less_equal),
            (self.relative_stderr, error / max(scale, np.finfo(float).tiny), np.less_equal),
            (self.rank_correlation, agreement, np.greater_equal),
        )
        return all(bool(holds(got, rule)) for rule, got, holds in achieved if rule is not None)
