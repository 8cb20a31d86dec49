"""Influence functions: the effect of a party's data on the validation loss, to first order.

With H the Hessian of the training loss at the trained parameters, v the gradient of the validation
loss and s = H⁻¹ v, one Newton step on the data without party j changes the validation loss by
-⟨s, ḡ⟩, ḡ the mean gradient of that data. Row products ⟨s, ∇ℓ_i⟩ come from one forward-mode pass.
"""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from davinz_jax.baselines.context import BaselineContext
from davinz_jax.baselines.inverse_hessian import (
    Objective,
    batches,
    conjugate_gradients,
    lissa,
    objective,
)
from davinz_jax.baselines.result import baseline_valuation
from davinz_jax.data.dataset import Parties
from davinz_jax.semivalues.valuation import Valuation

Solver = Literal["lissa", "conjugate_gradients"]


def influence_functions(
    context: BaselineContext, *, solver: Solver = "lissa", batch_size: int = 1024, **options: Any
) -> Valuation:
    """Predicted rise of the validation loss when a party's data is left out.

    Departs from the authors' code in sign, ⟨s, ḡ⟩ there and -⟨s, ḡ⟩ here, so that a useful party
    has a positive value, and in scale, which no correlation sees.

    Args:
        context: two or more parties; its key decides LiSSA's minibatches.
        solver: how the inverse Hessian is applied.
        batch_size: rows of a pass.
        **options: of `lissa` or `conjugate_gradients`.

    Returns:
        Values in the unit of the loss; method `influence`.

    Raises:
        ValueError: if the solver diverged, or the validation set's targets are not known.

    References:
        Koh & Liang 2017 (`koh2017influence`); Wu et al. 2022 as in the authors' code.
    """
    problem = objective(context.module, context.trained, context.dataset.task)
    params, data = context.trained["params"], (context.dataset.inputs, context.dataset.targets)
    vector = _validation_gradient(problem, params, context, batch_size)
    if solver == "lissa":
        direction = lissa(problem, params, vector, *data, key=context.key, **options)
    else:
        direction = conjugate_gradients(problem, params, vector, *data, **options)
    _refuse_diverged(direction, solver)
    products = _row_products(problem, params, direction, *data, batch_size)
    return baseline_valuation(
        "influence",
        context.parties,
        -_means_without(products, context.parties),
        settings={"solver": solver, **options},
    )


def _validation_gradient(
    problem: Objective, params: Any, context: BaselineContext, batch_size: int
) -> Any:
    inputs, targets = context.dataset.validation.inputs, context.validation_targets
    gradient = jax.jit(jax.grad(lambda p, x, y: problem.mean(p, x, y) * len(x) / len(inputs)))
    parts = [gradient(params, x, y) for x, y in batches(inputs, targets, batch_size)]
    return jax.tree.map(lambda *leaves: sum(leaves[1:], leaves[0]), *parts)


def _row_products(
    problem: Objective, params: Any, direction: Any, inputs: Any, targets: Any, batch_size: int
) -> Float[np.ndarray, " n"]:
    @jax.jit
    def products(x: jax.Array, y: jax.Array) -> jax.Array:
        return jax.jvp(lambda p: problem.losses(p, x, y), (params,), (direction,))[1]

    parts = [np.asarray(products(x, y)) for x, y in batches(inputs, targets, batch_size)]
    return np.concatenate(parts)


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
