"""Values of players under any utility, and the one result type that holds them.

Semivalues are mean marginals over random coalitions: `leave_one_out`, `shapley`, `banzhaf` and
`beta_shapley`; `standalone` is a player alone. They know a utility only by the protocol
`davinz_jax.types.Utility`; `games` are utilities whose values are known.
"""

from davinz_jax.semivalues.comparison import Comparison
from davinz_jax.semivalues.exact import exact_semivalue
from davinz_jax.semivalues.leave_one_out import leave_one_out
from davinz_jax.semivalues.payouts import Payouts, payouts
from davinz_jax.semivalues.standalone import standalone
from davinz_jax.semivalues.valuation import Valuation

__all__ = [
    "Comparison",
    "Payouts",
    "Valuation",
    "exact_semivalue",
    "leave_one_out",
    "payouts",
    "standalone",
]
