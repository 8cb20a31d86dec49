"""Values of players under any utility, and the one result type that holds them.

Semivalues are mean marginals over random coalitions: `leave_one_out`, `shapley`, `banzhaf` and
`beta_shapley`; `standalone` is a player alone, and `score_new_party` what one more party adds. They
know a utility only by the protocol `davinz_jax.types.Utility`; `games` are utilities whose values
are known. How a value is sampled is a `Sampling`, with `Stopping` rules; a run that is killed goes
on from its checkpoint file. `add_rounding` adds the rounding of float32 kernels to the errors, and
`add_sketch_error` that of sketched ones.
"""

from davinz_jax.semivalues.banzhaf import banzhaf
from davinz_jax.semivalues.beta_shapley import beta_shapley
from davinz_jax.semivalues.comparison import Comparison
from davinz_jax.semivalues.exact import exact_semivalue
from davinz_jax.semivalues.leave_one_out import leave_one_out
from davinz_jax.semivalues.payouts import Payouts, payouts
from davinz_jax.semivalues.rounding import RoundingError, RoundingWarning, add_rounding
from davinz_jax.semivalues.sampling import Sampling
from davinz_jax.semivalues.scoring import NewParty, check_frozen, score_new_party
from davinz_jax.semivalues.shapley import shapley
from davinz_jax.semivalues.sketch import add_sketch_error
from davinz_jax.semivalues.standalone import standalone
from davinz_jax.semivalues.stopping import Stopping
from davinz_jax.semivalues.valuation import Valuation

__all__ = [
    "Comparison",
    "NewParty",
    "Payouts",
    "RoundingError",
    "RoundingWarning",
    "Sampling",
    "Stopping",
    "Valuation",
    "add_rounding",
    "add_sketch_error",
    "banzhaf",
    "beta_shapley",
    "check_frozen",
    "exact_semivalue",
    "leave_one_out",
    "payouts",
    "score_new_party",
    "shapley",
    "standalone",
]
