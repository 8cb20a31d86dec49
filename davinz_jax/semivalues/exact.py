"""Exact semivalues by enumeration of all coalitions."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from davinz_jax.semivalues.row_tallies import ExactTally
from davinz_jax.semivalues.size_weights import log_binomial
from davinz_jax.semivalues.valuation import Valuation, value_utility
from davinz_jax.types import Progress, Utility

MAX_PLAYERS = 20
"""Players beyond which enumeration is refused."""


def exact_semivalue(
    utility: Utility,
    size_weights: Float[np.ndarray, " p"],
    semivalue: str,
    *,
    max_players: int = MAX_PLAYERS,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    per_validation_row: bool = False,
) -> Valuation:
    """A semivalue from the utilities of all 2^p coalitions.

    Args:
        utility: what is to be shared out; unit of its answers is the unit of the values.
        size_weights: probability of each size 0, …, p − 1 of the coalition that a player joins.
        semivalue: its name.
        max_players: most players that are enumerated; each more doubles time and memory.
        settings: what else defines the semivalue, for the description.
        progress: called with the coalitions done, those in all, and the stage.
        per_validation_row: whether to keep the values to each validation row too.

    Returns:
        Exact values; no sampling error.

    Raises:
        ValueError: if there are more than `max_players` players; for values by validation row of a
            utility that is no mean over them.
    """
    start = time.perf_counter()
    check_enumerable(len(utility.players), max_players)
    tally = ExactTally(utility, size_weights) if per_validation_row else None
    worths = (utility if tally is None else tally.utility).power_set()
    if progress is not None:
        progress(worths.shape[-1], worths.shape[-1], semivalue)
    contributions = semivalue_of_table(worths, size_weights)
    return value_utility(
        utility,
        semivalue,
        contributions,
        settings={"estimator": "exact", **(settings or {})},
        by_validation_row=None if tally is None else tally.result(),
        seconds=time.perf_counter() - start,
    )


def check_enumerable(num_players: int, max_players: int = MAX_PLAYERS) -> None:
    """Refuse to enumerate the coalitions of too many players.

    Raises:
        ValueError: with the cost, and what to use instead.
    """
    if num_players > max_players:
        raise ValueError(
            f"players: wanted at most {max_players} for exact values, got {num_players} "
            f"(2^{num_players} = {2.0**num_players:.3g} coalitions); sample with "
            "method='antithetic' (Shapley, Beta-Shapley) or 'sample_reuse' (Banzhaf)"
        )


def semivalue_of_table(
    worths: Float[np.ndarray, "... s"], size_weights: Float[np.ndarray, " p"]
) -> Float[np.ndarray, "... p"]:
    """Weighted mean marginals of every player, from the worths of all coalitions.

    Player j's coalitions are those whose index has bit j clear; setting it adds 2^j, so that
    marginals of all of them are one difference of a reshaped table.

    Args:
        worths: worth of each of s = 2^p coalitions; bit j of the index marks player j.
        size_weights: probability of each size of the coalition that a player joins.
    """
    num_players = len(size_weights)
    others = np.arange(num_players, dtype=np.float64)
    with np.errstate(divide="ignore"):
        weights = np.exp(np.log(size_weights) - log_binomial(num_players - 1, others))
    members = np.bitwise_count(np.arange(1 << num_players)).astype(np.int64)
    # The grand coalition has nobody left to join; it is never looked up below.
    weight = np.append(weights, 0.0)[members]
    return np.stack([_mean_marginal(worths, weight, j) for j in range(num_players)], axis=-1)


def _mean_marginal(
    worths: Float[np.ndarray, "... s"], weight: Float[np.ndarray, " s"], player: int
) -> Float[np.ndarray, "..."]:
    halves = (-1, 2, 1 << player)  # (s,) -> (above, bit j, below)
    table = worths.reshape(*worths.shape[:-1], *halves)
    marginals = table[..., 1, :] - table[..., 0, :]
    return np.asarray(np.einsum("...ab,ab->...", marginals, weight.reshape(halves)[:, 0, :]))
