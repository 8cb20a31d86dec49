"""Robust volume: how much room a party's data takes in feature space, replicas discounted.

Rows are gathered in cubes of width ω, which start at 0 here, the mean of all rows, and at the least
value of each coalition in the authors' code: `lattice` chooses. With X̃ the cubes' mean rows, c the
count in a cube, and α = 1/(β |X̃|), the volume is det(X̃ᵀX̃) Π (1 - α^(c+1))/(1 - α); it is kept as
its logarithm.
"""

from functools import partial
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, ScalarLike

from davinz_jax.baselines.context import BaselineContext
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.choices import check_choice
from davinz_jax.semivalues.valuation import Valuation

Lattice = Literal["zero", "least"]
"""Where the cubes start in each dimension: at 0, or at the least value of the rows in hand."""

Measure = Literal["log", "raw", "plain"]
"""Logarithm of the robust volume, the robust volume itself, or the volume without cubes."""


def robust_volume(
    context: BaselineContext,
    *,
    width: ScalarLike = 0.1,
    beta: ScalarLike = 10.0,
    lattice: Lattice = "zero",
    measure: Measure = "log",
) -> Valuation:
    """Fall of the logarithm of the robust volume when a party's rows are left out.

    The logarithm ranks parties as the volume does, and does not overflow. The features are those
    of the trained network, standardised once, over all rows.

    Args:
        context: two or more parties.
        width: ω, in standard deviations.
        beta: β.
        lattice: where the cubes start. `zero` gives all coalitions the same cubes, so that two
            volumes differ by rows alone; `least` is the authors', whose cubes move with a
            coalition's least values.
        measure: `log`; `raw`, the fall of the robust volume itself, and `plain`, that of
            det(XᵀX), both as shares of all rows' volume, which do not overflow and correlate as
            the volumes do.

    Returns:
        Values in nats, or shares; method `robust_volume`.

    Raises:
        ValueError: if the rows left span fewer dimensions than there are features, or `lattice` or
            `measure` is unknown.

    References:
        Xu et al. 2021 (`xu2021volume`), with the numbers of Wu et al. 2022.
        Departs from it: cubes start at 0, unless lattice="least"; logarithms, unless
        measure="raw".
    """
    check_choice("measure", measure, get_args(Measure))
    parties = context.parties
    rows = standardise(context.features(context.dataset.inputs).astype(np.float64))
    volume = partial(log_robust_volume, width=width, beta=beta, lattice=lattice)
    volume = log_volume if measure == "plain" else volume
    whole = volume(rows)
    without = np.array([volume(rows[parties.indices != party]) for party in range(len(parties))])
    return baseline_valuation(
        "robust_volume",
        parties,
        whole - without if measure == "log" else -np.expm1(without - whole),
        settings={
            "width": np.asarray(width).item(),
            "beta": np.asarray(beta).item(),
            "lattice": lattice,
            "measure": measure,
        },
    )


def standardise(features: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n e"]:
    """Columns of mean 0 and deviation 1; those without spread are dropped."""
    spread = features.std(axis=0)
    kept = spread > 1e-12 * max(1.0, np.abs(features).max(initial=0))
    return (features[:, kept] - features[:, kept].mean(axis=0)) / spread[kept]


def log_robust_volume(
    rows: Float[np.ndarray, "n d"],
    *,
    width: ScalarLike = 0.1,
    beta: ScalarLike = 10.0,
    lattice: Lattice = "zero",
) -> float:
    """Logarithm of the robust volume of some rows.

    Args:
        rows: standardised features.
        width: ω.
        beta: β.
        lattice: as in `robust_volume`.

    Raises:
        ValueError: if the cubes' means span fewer dimensions than the rows have, or `lattice` is
            unknown.
    """
    check_choice("lattice", lattice, get_args(Lattice))
    start = rows.min(axis=0) if lattice == "least" else 0.0
    cubes = np.floor((rows - start) / np.asarray(width)).astype(np.int64)
    _, cube, counts = np.unique(cubes, axis=0, return_inverse=True, return_counts=True)
    means = np.zeros((len(counts), rows.shape[1]))
    np.add.at(means, cube.ravel(), rows)
    log_det = log_volume(means / counts[:, None])
    alpha = 1 / (np.asarray(beta) * len(counts))
    return float(log_det + np.sum(np.log1p(-(alpha ** (counts + 1.0))) - np.log1p(-alpha)))


def log_volume(rows: Float[np.ndarray, "n d"]) -> float:
    """Logarithm of det(XᵀX) of rows X.

    Raises:
        ValueError: if they span fewer dimensions than they have.
    """
    sign, log_det = np.linalg.slogdet(rows.T @ rows)
    if sign <= 0 or not np.isfinite(log_det):
        raise ValueError(
            f"features: wanted rows that span {rows.shape[1]} dimensions, got {len(rows)} cubes or "
            "rows that span fewer; give fewer features or larger parties"
        )
    return float(log_det)
