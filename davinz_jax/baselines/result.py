"""How a baseline's values become the valuation that all methods return."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from davinz_jax.data.dataset import Parties
from davinz_jax.semivalues.archive import plain
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.versions import versions


def baseline_valuation(
    method: str,
    parties: Parties,
    values: Float[np.ndarray, " p"],
    *,
    settings: Mapping[str, Any] | None = None,
) -> Valuation:
    """Values of parties as a `Valuation` of one term and one initialisation.

    Args:
        method: name of the baseline, and of its one term.
        parties: who was valued.
        values: one a party.
        settings: what else defines the values.

    Returns:
        The valuation, not timed: whoever calls the baseline holds the clock.
    """
    kind = "row" if (parties.sizes == 1).all() else "party as one player"
    about = {"player_kind": kind, "versions": versions(), **(settings or {})}
    return Valuation(
        method=method,
        players=parties.names,
        num_rows=parties.sizes,
        terms=(method,),
        contributions=np.asarray(values, np.float64)[None, None],
        description=plain(about),
        rows=parties.rows,
    )
