"""How often intervals hold the value on a pool of validation rows, over redraws of the set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jaxtyping import Int

from davinz_jax.data import Dataset, Parties, partition_random, partition_rows
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.ntk import TangentKernel, tangent_kernel
from davinz_jax.semivalues import Valuation, leave_one_out, shapley
from davinz_jax.types import Progress, Utility
from davinz_jax.utility import (
    ComplexityUtility,
    DiscrepancyUtility,
    KernelRegressionUtility,
    davinz_score,
)
from davinz_jax.utility.cross_fit import take_validation
from davinz_jax.utility.resampling import Resamples, draw_resamples

BANDWIDTH, RIDGE = 5.0, 1e-2
KEYS = jax.random.split(jax.random.key(20), 3)


@dataclass(frozen=True)
class Pool:
    """Rows to be valued, all validation rows that there are, and one network's kernel of both.

    Attributes:
        dataset: rows, and the pool as their validation set.
        parties: who holds which row.
        kernel: tangent kernel with the pool's rows.
        kappa: weight of the complexity, frozen at the pool.
    """

    dataset: Dataset
    parties: Parties
    kernel: TangentKernel
    kappa: float = 1.0

    def regression(
        self, rows: Int[np.ndarray, " m"], drawn: Resamples | None, by_row: bool, metric: str
    ) -> KernelRegressionUtility:
        """Kernel regression judged on some rows of the pool."""
        targets = self.dataset.validation.targets
        assert targets is not None
        return KernelRegressionUtility(
            take_validation(self.kernel, rows),
            partition_rows(self.dataset)[1] if by_row else self.parties,
            targets[rows],
            ridge=RIDGE * float(np.diagonal(self.kernel.blocks[0, 0]).mean()),
            metric=metric,
            resamples=drawn,
        )

    def nu(self, rows: Int[np.ndarray, " m"], drawn: Resamples | None) -> Utility:
        """ν with some rows of the pool as its validation set; κ stays."""
        ridge = RIDGE * float(np.diagonal(self.kernel.blocks[0, 0]).mean())
        distance = DiscrepancyUtility(
            self.dataset.inputs,
            self.dataset.validation.inputs[rows],
            self.parties,
            bandwidth=BANDWIDTH,
            resamples=drawn,
        )
        complexity = ComplexityUtility(self.kernel, self.parties, ridge=ridge)
        return davinz_score(complexity, distance, kappa=self.kappa)


Case = Callable[[Pool, Any, Resamples | None], Valuation]

CASES: dict[str, Case] = {
    "accuracy, Shapley of parties": lambda p, r, d: shapley(p.regression(r, d, False, "accuracy")),
    "accuracy, leave-one-out of parties": lambda p, r, d: leave_one_out(
        p.regression(r, d, False, "accuracy")
    ),
    "accuracy, leave-one-out of rows": lambda p, r, d: leave_one_out(
        p.regression(r, d, True, "accuracy")
    ),
    "mse, Shapley of parties": lambda p, r, d: shapley(p.regression(r, d, False, "mse")),
    "mse, leave-one-out of rows": lambda p, r, d: leave_one_out(p.regression(r, d, True, "mse")),
    "ν, Shapley of parties": lambda p, r, d: shapley(p.nu(r, d)),
    "ν, leave-one-out of parties": lambda p, r, d: leave_one_out(p.nu(r, d)),
}
"""What is valued, and how."""


def make_pool(dataset: Dataset, num_parties: int) -> Pool:
    """Rows, the pool, and their kernel, from one draw of a small network."""
    dataset, parties = partition_random(dataset, num=num_parties, key=KEYS[0])
    model = MLP(widths=(64,), num_outputs=dataset.num_classes)
    variables = [initialise(model, KEYS[1], dataset.inputs[:1])]
    kernel = tangent_kernel(
        apply_function(model), variables, dataset, output="trace", with_validation=True, key=KEYS[2]
    )
    return Pool(dataset, parties, kernel)


def cover(
    pool: Pool,
    case: str,
    num_validation_rows: int,
    num_redraws: int,
    *,
    level: float,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """How often intervals hold the values on the pool, in one case.

    Args:
        pool: rows, and all validation rows.
        case: name in `CASES`.
        num_validation_rows: rows of each validation set.
        num_redraws: validation sets.
        level: coverage that the intervals promise.
        progress: told redraws done, redraws in all, and the case.
    """
    num_pool, value = len(pool.dataset.validation), CASES[case]
    truth = value(pool, np.arange(num_pool), None).values
    generator, found = np.random.default_rng(7), []
    for draw in range(num_redraws):
        rows = generator.choice(num_pool, num_validation_rows, replace=False)
        drawn = draw_resamples(num_validation_rows, key=jax.random.key(draw))
        found.append(value(pool, rows, drawn).intervals(level))
        if progress is not None:
            progress(draw + 1, num_redraws, case)
    return {"case": case, "validation rows": num_validation_rows, **_summary(found, truth)}


def _summary(found: list[np.ndarray], truth: np.ndarray) -> dict[str, Any]:
    """Share of intervals that hold the truth, over all and for the player with the least."""
    limits = np.stack(found)  # (redraws, players, 2)
    inside = (limits[..., 0] <= truth) & (truth <= limits[..., 1])
    return {
        "players": len(truth),
        "coverage": float(inside.mean()),
        "least player": float(inside.mean(0).min()),
        "mean half-width": float(np.ptp(limits, axis=-1).mean() / 2),
        "spread of truth": float(np.std(truth)),
    }
