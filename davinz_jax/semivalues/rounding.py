"""The rounding of a float32 kernel as a source of error: values under other roundings.

A kernel's entries are off by some 3e-8 of its diagonal. Where rows are nearly alike and the ridge
is small, K + λI turns that into errors as large as the values. So kernels that differ from the one
at hand as it differs from float64's (`ntk/rounding.py`) are valued by the same semivalue, one draw
of the network each, and the deviations are one more source of error: two of them, and more where
those are not small beside the values.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace

import jax
import numpy as np
from jaxtyping import Float

from davinz_jax.linalg import NotPositiveDefiniteError
from davinz_jax.semivalues.summands import Summand, summands_of
from davinz_jax.semivalues.valuation import RoundedValues, Valuation
from davinz_jax.types import PRNGKey, Utility
from davinz_jax.utility.kernel_algebra import AbstractKernelUtility

FEWEST, MOST = 2, 6
"""Other roundings that are valued: at least, and where they matter."""
_SMALL = 1e-5
"""Rounding error, of the values, below which no more are valued: t quantiles of two degrees of
freedom are wide, and wider where all pairs of players are looked at together."""
_SHARE = 0.1
"""Share of the standard error beyond which rounding is warned of."""


class RoundingWarning(UserWarning):
    """Values whose rounding error is not small beside their standard error."""


class RoundingError(ValueError):
    """Values that are smaller than the rounding error of the kernel they were made of."""


def add_rounding(
    valuation: Valuation,
    utility: Utility,
    value: Callable[[Utility], Valuation],
    *,
    key: PRNGKey,
) -> Valuation:
    """The valuation with the rounding of its kernels as a source of error.

    Args:
        valuation: of the utility.
        utility: what was valued.
        value: the semivalue that gave it, with the same random key.
        key: draws the other roundings.

    Raises:
        RoundingError: if the values are smaller than this error; the text says which ridge would
            do, or to compute the kernel in float64.

    Where the error exceeds a tenth of the standard error, a warning says so.
    """
    parts = [part for part in summands_of(utility) if _is_rounded(part)]
    if not parts:
        return valuation
    words = np.asarray(jax.random.key_data(key)).ravel().tolist()
    deviations = list[Float[np.ndarray, " p"]]()
    for number in range(MOST):
        if number >= FEWEST and _size(np.stack(deviations)) < _SMALL * _size(valuation.values):
            break
        draw = number % valuation.num_initialisations
        seed = [*words, number]
        try:
            deviations.append(_deviation(valuation, parts, value, draw, seed))
        except NotPositiveDefiniteError as error:
            raise RoundingError(_refusal(parts, np.inf)) from error
    rounded = RoundedValues(np.stack(deviations), valuation.num_initialisations)
    found = replace(valuation, rounded=rounded)
    _judge(valuation, found, parts)
    return found


def _is_rounded(part: Summand) -> bool:
    """Whether a summand rests on a kernel of known rounding."""
    return isinstance(part.utility, AbstractKernelUtility) and part.utility.is_rounded


def _deviation(
    valuation: Valuation,
    parts: list[Summand],
    value: Callable[[Utility], Valuation],
    draw: int,
    seed: list[int],
) -> Float[np.ndarray, " p"]:
    """Values of one draw of the network under another rounding, less those there are."""
    total = np.zeros(len(valuation.players))
    for part in parts:
        # one generator each: parts that share a kernel share its rounding
        other = part.utility.round_anew(draw, np.random.default_rng(seed))
        found = value(other).contributions[:, 0].sum(axis=0)
        total += part.weight * found - valuation.contributions[part.terms, draw].sum(axis=0)
    return total


def _judge(valuation: Valuation, found: Valuation, parts: list[Summand]) -> None:
    """Warn of a rounding error that is not small; refuse one that exceeds the values."""
    error = _size(found.stderr_rounding)
    # What was found holds its own rounding: what is left of it without is the value.
    values = np.sqrt(max(_size(found.values) ** 2 - error**2, 0.0))
    if error > values:
        raise RoundingError(_refusal(parts, error / values if values > 0 else np.inf))
    stderr = valuation.stderr
    beside = values if np.isnan(stderr).any() else _size(stderr)
    if error > _SHARE * beside:
        name = "value" if np.isnan(stderr).any() else "standard error"
        warnings.warn(
            f"rounding: the kernel's, in float32, moves values by {error:.2g}, {error / beside:.0%}"
            f" of their {name}; it is added to their errors; "
            f"{_remedy(parts, error / (_SHARE * beside))}",
            RoundingWarning,
            stacklevel=3,
        )


def _refusal(parts: list[Summand], ratio: float) -> str:
    much = f"{ratio:.2g} times as large" if np.isfinite(ratio) else "beyond all bounds"
    return (
        "kernel: wanted values larger than the rounding error of its numbers, float32, got an "
        f"error {much}: rows are too alike for so small a ridge; {_remedy(parts, 10 * ratio)}"
    )


def _remedy(parts: list[Summand], ratio: float) -> str:
    """A ridge at which the error would be so many times smaller beside the values.

    The error falls as λ^(−3/2), values as λ^(−1/2).
    """
    ridge = max(np.max(part.utility.ridge) for part in parts)
    scale = 10.0 ** np.ceil(np.log10(ratio)) if np.isfinite(ratio) else 1e3
    wanted = f"ntk.ridge={ridge * max(scale, 10.0):.0e} or more" if ridge > 0 else "a ridge above 0"
    return f"take {wanted} (now {ridge:.1e}), or ntk.precision=float64"


def _size(numbers: Float[np.ndarray, "..."]) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(numbers))))
