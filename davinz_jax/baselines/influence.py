"""Influence functions: the effect of a party's data on the target loss, to first order.

With H the Hessian of the training loss at the trained parameters, v the gradient of the target
loss and s = H⁻¹ v, one Newton step on the data without party j changes the target loss by
-⟨s, ḡ⟩, ḡ the mean gradient of that data. Row products ⟨s, ∇ℓ_i⟩ come from one forward-mode pass.
"""

import time
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Float

from davinz_jax.baselines.inverse_hessian import Objective, conjugate_gradients, lissa, objective
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.data.dataset import Dataset, Parties
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import PRNGKey, Variables

Solver = Literal["lissa", "conjugate_gradients"]


def influence_functions(
    module: nn.Module,
    trained: Variables,
    dataset: Dataset,
    parties: Parties,
    *,
    key: PRNGKey,
    solver: Solver = "lissa",
    batch_size: int = 1024,
    seconds: float = 0.0,
    **options: Any,
) -> Valuation:
    """Predicted rise of the target loss when a party's data is left out.

    Departs from the authors' code in the sign alone: ⟨s, ḡ⟩ there, -⟨s, ḡ⟩ here, so that a
    useful party has a positive value.

    Args:
        module: the network.
        trained: its variables after training on all rows.
        dataset: rows, and a validation set with known targets.
        parties: the party of each row; two or more.
        key: decides LiSSA's minibatches.
        solver: how the inverse Hessian is applied.
        batch_size: rows of a pass.
        seconds: time already spent on training, to be parameters.
        **options: of `lissa` or `conjugate_gradients`.

    Returns:
        Values in the unit of the loss; method `influence`.

    Raises:
        ValueError: if the solver diverged, or the validation set's targets are not known.

    References:
        Koh & Liang 2017 (`koh2017influence`); Wu et al. 2022 as in the authors' code.
    """
    start = time.perf_counter()
    problem, params = objective(module, trained, dataset.task), trained["params"]
    data = jnp.asarray(dataset.inputs), jnp.asarray(dataset.targets)
    vector = _target_gradient(problem, params, dataset, batch_size)
    if solver == "lissa":
        direction = lissa(problem, params, vector, *data, key=key, **options)
    else:
        direction = conjugate_gradients(problem, params, vector, *data, **options)
    _refuse_diverged(direction, solver)
    products = _row_products(problem, params, direction, *data, batch_size)
    return baseline_valuation(
        "influence",
        parties,
        -_means_without(products, parties),
        seconds=seconds + time.perf_counter() - start,
        settings={"solver": solver, **options},
    )


def _target_gradient(problem: Objective, params: Any, dataset: Dataset, batch_size: int) -> Any:
    if dataset.validation.targets is None:
        raise ValueError("dataset: wanted known targets of the validation set, got none; give them")
    inputs, targets = (
        jnp.asarray(dataset.validation.inputs),
        jnp.asarray(dataset.validation.targets),
    )
    gradient = jax.jit(jax.grad(lambda p, x, y: problem.mean(p, x, y) * len(x) / len(inputs)))
    slices = [slice(begin, begin + batch_size) for begin in range(0, len(inputs), batch_size)]
    parts = [gradient(params, inputs[s], targets[s]) for s in slices]
    return jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]), *parts)


def _row_products(
    problem: Objective, params: Any, direction: Any, inputs: Any, targets: Any, batch_size: int
) -> Float[np.ndarray, " n"]:
    @jax.jit
    def products(x: jax.Array, y: jax.Array) -> jax.Array:
        return jax.jvp(lambda p: problem.losses(p, x, y), (params,), (direction,))[1]

    slices = [slice(begin, begin + batch_size) for begin in range(0, len(inputs), batch_size)]
    return np.concatenate([np.asarray(products(inputs[s], targets[s])) for s in slices])


def _means_without(products: Float[np.ndarray, " n"], parties: Parties) -> Float[np.ndarray, " p"]:
    """Mean over the rows of all other parties."""
    own = np.bincount(parties.indices, products.astype(np.float64), len(parties))
    return (own.sum() - own) / np.maximum(len(products) - parties.sizes, 1)


def _refuse_diverged(direction: Any, solver: Solver) -> None:
    if not all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(direction)):
        raise ValueError(
            f"solver: wanted a finite solution, got a divergence of {solver}; raise scale "
            "(lissa) or damping"
        )
