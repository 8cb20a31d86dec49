"""What a valuation's numbers must be: finite, and of the shapes that its players and terms ask."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float


def check_finite(array: Float[np.ndarray, "... p"], players: tuple[str, ...], method: str) -> None:
    """Refuse a NaN or infinite number, naming the players that it belongs to.

    Raises:
        ValueError: if there is one.
    """
    bad = ~np.isfinite(array).reshape(-1, array.shape[-1]).all(axis=0)
    if bad.any():
        names = [players[j] for j in np.nonzero(bad)[0]]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise ValueError(
            f"contributions: wanted finite numbers, got NaN or infinity for {', '.join(names[:5])}"
            f"{more} ({method}); check these players' rows, the ridge and the bandwidth"
        )


def check_shapes(
    players: Sequence[str],
    terms: Sequence[str],
    contributions: np.ndarray,
    replicates: np.ndarray | None,
    replicate_samples: np.ndarray | None,
) -> None:
    """Refuse arrays that are not of these players and terms; see `Valuation`.

    Raises:
        ValueError: if shapes disagree or two players have one name.
    """
    shape, wanted = contributions.shape, (len(terms), "initialisations", len(players))
    if len(shape) != 3 or shape[0] != wanted[0] or shape[2] != wanted[2] or 0 in shape:
        raise ValueError(
            f"contributions: wanted shape {wanted}, got {shape}; give every player a number for "
            "each term and initialisation"
        )
    if len(set(players)) != len(players):
        twice = sorted({name for name in players if players.count(name) > 1})
        raise ValueError(f"players: wanted names that differ, got {twice[0]!r} twice; rename one")
    if replicates is not None and replicates.shape[1:] != shape:
        raise ValueError(
            f"replicates: wanted shape (groups, *{shape}), got {replicates.shape}; "
            "take them of the same players"
        )
    if (replicates is None) != (replicate_samples is None):
        raise ValueError("replicate_samples: wanted with `replicates`, got one; pass both")
