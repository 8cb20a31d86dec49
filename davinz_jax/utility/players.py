"""Players of a utility: the checks that all utilities make, and the list of all coalitions."""

import numpy as np
from jaxtyping import Bool, Float, Int, Num

from davinz_jax.data.dataset import Parties

MAX_POWER_SET = 24
"""Players up to which all coalitions are listed."""


def check_parties(parties: Parties, num_rows: int) -> None:
    """Raise ValueError unless two parties or more label exactly the rows at hand."""
    if len(parties) < 2:
        raise ValueError(
            f"parties: wanted at least two, got {len(parties)}; "
            "a single party's share is the whole value"
        )
    if len(parties.indices) != num_rows:
        raise ValueError(
            f"parties: wanted one party for each of {num_rows} rows, got {len(parties.indices)}; "
            "use the parties that belong to this dataset"
        )


def check_members(members: Bool[np.ndarray, "c p"], num_players: int) -> None:
    """Raise ValueError unless there is one mark for each player."""
    if members.shape[1] != num_players:
        raise ValueError(
            f"members: wanted one mark for each of {num_players} players, got {members.shape[1]}; "
            "one row a coalition, one column a player"
        )


def check_permutation(permutation: Int[np.ndarray, " p"], num_players: int) -> None:
    """Raise ValueError unless each player occurs once."""
    if not np.array_equal(np.sort(permutation), np.arange(num_players)):
        raise ValueError(
            f"permutation: wanted each of 0..{num_players - 1} once, got {len(permutation)} "
            "entries that are not; name every player once"
        )


def row_weights(
    multiplicity: Num[np.ndarray, " n"] | None, num_rows: int
) -> Float[np.ndarray, " n"]:
    """Times each row counts; once by default."""
    if multiplicity is None:
        return np.ones(num_rows)
    if multiplicity.shape != (num_rows,):
        raise ValueError(
            f"multiplicity: wanted one number for each of {num_rows} rows, got shape "
            f"{multiplicity.shape}; use 0 for a row that was not drawn"
        )
    weights = multiplicity.astype(np.float64)
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        raise ValueError(
            f"multiplicity: wanted finite numbers ≥ 0, not all 0, got {weights.min()}.."
            f"{weights.max()}; count how often each row was drawn"
        )
    return weights


def all_coalitions(num_players: int) -> Bool[np.ndarray, "s p"]:
    """All s = 2^p coalitions, bit j of the index marking player j.

    >>> all_coalitions(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    if num_players > MAX_POWER_SET:
        raise ValueError(
            f"players: wanted at most {MAX_POWER_SET} for all coalitions, got {num_players} "
            f"(2^{num_players} coalitions); sample permutations instead"
        )
    index = np.arange(2**num_players)
    return (index[:, None] >> np.arange(num_players)) % 2 == 1
