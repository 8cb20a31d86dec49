r"""The paper's equations as they are read: plain jnp, nothing blocked, kept or shared.

They are the reference that the fast paths are tested against, in float64
(`jax.enable_x64(True)`), and compose under `jit`, `vmap` and `grad`, so that the Shapley value is
a differentiable function of λ, σ or the network's parameters.

A coalition is given by the times that each row counts, its `weights`: 0 leaves a row out, w stands
for w equal rows. The copies of a row share one coefficient α of a solve, so that (K W + λI) α = r
with W = diag(weights) is the system of the rows written out; all weights 1 is the paper's.

References:
    Wu et al. 2022 (`wu2022davinz`) for the score, its parts and κ.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, ScalarLike

Array = jax.Array | np.ndarray
"""On a device or on the host."""

Weights = Float[Array, " n"] | None
"""Times each row counts; None is once each."""


def tangent_kernel(
    function: Callable[[Any, Any], Float[Array, "rows k"]], parameters: Any, left: Any, right: Any
) -> Float[Array, "m n"]:
    """Θ_ab = Σ_c ⟨∂f_c(a)/∂θ, ∂f_c(b)/∂θ⟩ / k, the tangent kernel of a function at parameters.

    Args:
        function: (parameters, rows) to k outputs a row; the paper's is the logit of a row's own
            class, k = 1, with rows a tree of inputs and classes.
        parameters: θ, any tree; those differentiated.
        left: m rows a, as the function takes them.
        right: n rows b.

    Returns:
        Θ; unit output²; symmetric and PSD where both sides are the same rows.

    References:
        Jacot et al. 2018 (`jacot2018ntk`).
    """
    left_slopes, right_slopes = (_slopes(function, parameters, rows) for rows in (left, right))
    return jnp.einsum("akp,bkp->ab", left_slopes, right_slopes) / left_slopes.shape[1]


def _slopes(
    function: Callable[[Any, Any], Float[Array, "rows k"]], parameters: Any, rows: Any
) -> Float[Array, "n k p"]:
    leaves = jax.tree.leaves(jax.jacrev(function)(parameters, rows))
    return jnp.concatenate([leaf.reshape(*leaf.shape[:2], -1) for leaf in leaves], axis=2)


def complexity(
    kernel: Float[Array, "n n"],
    residual: Float[Array, "n k"],
    weights: Weights = None,
    *,
    ridge: ScalarLike,
) -> Float[Array, ""]:
    """sqrt(tr(rᵀ (Θ + λI)⁻¹ r) / n), what labels cost to fit; in-domain part of ν; unit 1.

    Args:
        kernel: Θ of all rows, unit output²; zero between rows of different diagonal blocks.
        residual: r = y − f₀(x), targets minus outputs at initialisation, unit output.
        weights: of the rows; the coalition's size n is their sum; nobody's cost is 0.
        ridge: λ ≥ 0, absolute, unit output²; above 0 where a weight is 0.

    References:
        Wu et al. 2022 (`wu2022davinz`), as in the authors' code.
    """
    weights = _all_once(weights, kernel)
    form = jnp.sum(weights[:, None] * residual * _solve(kernel, residual, weights, ridge))
    return jnp.sqrt(form / _at_least_one(jnp.sum(weights)))


def rbf_kernel(
    x: Float[Array, "n d"], y: Float[Array, "m d"], *, bandwidth: ScalarLike
) -> Float[Array, "n m"]:
    """k(x, y) = exp(−‖x − y‖² / (2σ²)), unit 1; σ has the unit of the inputs."""
    squared = jnp.sum((x[:, None] - y[None]) ** 2, axis=-1)
    return jnp.exp(-squared / (2 * bandwidth**2))


def mmd_squared(
    x: Float[Array, "n d"],
    y: Float[Array, "m d"],
    weights: Weights = None,
    *,
    bandwidth: ScalarLike,
) -> Float[Array, ""]:
    """Biased MMD²(X, Y) = ‖μ_X − μ_Y‖² with μ the mean of k(x, ·); its root is ν's second part.

    Args:
        x: a coalition's rows.
        y: the validation set's.
        weights: of the rows in x; nobody's mean embedding is 0.
        bandwidth: σ, unit of the inputs.

    References:
        Gretton et al. 2012 (`gretton2012kernel`), the V-statistic.
    """
    weights = _all_once(weights, x)
    mass = weights / _at_least_one(jnp.sum(weights))
    within, across, beyond = (
        rbf_kernel(a, b, bandwidth=bandwidth) for a, b in ((x, x), (x, y), (y, y))
    )
    return mass @ within @ mass - 2 * mass @ across.mean(1) + beyond.mean()


def unbiased_mmd_squared(
    x: Float[Array, "n d"], y: Float[Array, "m d"], *, bandwidth: ScalarLike
) -> Float[Array, ""]:
    """MMD² without the pairs of a row with itself, the U-statistic; may be negative; unit 1.

    References:
        Gretton et al. 2012 (`gretton2012kernel`), Lemma 6.
    """
    within, beyond = (_mean_of_pairs(rbf_kernel(a, a, bandwidth=bandwidth)) for a in (x, y))
    return within + beyond - 2 * rbf_kernel(x, y, bandwidth=bandwidth).mean()


def _mean_of_pairs(kernel: Float[Array, "n n"]) -> Float[Array, ""]:
    num = len(kernel)
    return (kernel.sum() - jnp.trace(kernel)) / (num * (num - 1))


def kappa(
    complexities: Float[Array, "i c"], discrepancies: Float[Array, "i c"]
) -> Float[Array, ""]:
    """κ = mean(MMD) / mean(complexity) over c coalitions, averaged over i initialisations; unit 1.

    References:
        Wu et al. 2022 (`wu2022davinz`), Eqn (4).
    """
    return jnp.mean(discrepancies.mean(1) / complexities.mean(1))


def nu(
    complexity: Float[Array, "..."], discrepancy: Float[Array, "..."], *, kappa: ScalarLike
) -> Float[Array, "..."]:
    """ν(S) = −κ·complexity(S) − MMD(S, T): higher is better; unit 1.

    References:
        Wu et al. 2022 (`wu2022davinz`).
    """
    return -(kappa * complexity) - discrepancy


def kernel_regression(
    kernel: Float[Array, "n n"],
    validation_kernel: Float[Array, "m n"],
    residual: Float[Array, "n k"],
    validation_outputs: Float[Array, "m k"],
    weights: Weights = None,
    *,
    ridge: ScalarLike,
) -> Float[Array, "m k"]:
    """f_S(t) = f₀(t) + K_tS (K_SS + λI)⁻¹ r_S, the network's linearisation trained on S.

    Args:
        kernel: K of all rows, unit output².
        validation_kernel: K_t, kernel of the validation rows with all rows.
        residual: r = y − f₀(x), unit output.
        validation_outputs: f₀(t), outputs at initialisation on the validation rows.
        weights: of the rows.
        ridge: λ ≥ 0, absolute, unit output²; above 0 where a weight is 0.

    Returns:
        Outputs on the validation rows; unit output.

    References:
        Jacot et al. 2018 (`jacot2018ntk`).
    """
    weights = _all_once(weights, kernel)
    solved = _solve(kernel, residual, weights, ridge)
    return validation_outputs + validation_kernel @ (weights[:, None] * solved)


def leave_one_out(worths: Float[Array, " s"]) -> Float[Array, " p"]:
    """u(N) − u(N ∖ j) of each player, from the worths of all s = 2^p coalitions.

    Args:
        worths: u(S) at the index whose bit j marks player j; any unit, which is the values'.

    References:
        Wu et al. 2022 (`wu2022davinz`): a party's value in their comparison.
    """
    everyone = len(worths) - 1
    without = everyone - 2 ** jnp.arange(_num_players(worths))
    return worths[everyone] - worths[without]


def shapley(worths: Float[Array, " s"]) -> Float[Array, " p"]:
    """φ_j = Σ_{S∌j} |S|! (p − |S| − 1)! / p! · (u(S ∪ j) − u(S)); `worths` as in `leave_one_out`.

    References:
        Shapley 1953 (`shapley1953value`).
    """
    num = _num_players(worths)
    chances = jnp.array([1 / (num * math.comb(num - 1, size)) for size in range(num)] + [0.0])
    coalitions = jnp.arange(len(worths))
    joined = coalitions[None] | 2 ** jnp.arange(num)[:, None]  # (p, s): S where j is a member
    return (worths[joined] - worths[None]) @ chances[jnp.bitwise_count(coalitions)]


def _num_players(worths: Float[Array, " s"]) -> int:
    num = len(worths).bit_length() - 1
    if len(worths) != 2**num:
        raise ValueError(f"worths: wanted 2^p numbers, got {len(worths)}; give every coalition's")
    return num


def _solve(
    kernel: Float[Array, "n n"],
    residual: Float[Array, "n k"],
    weights: Float[Array, " n"],
    ridge: ScalarLike,
) -> Float[Array, "n k"]:
    """α of (K W + λI) α = r."""
    return jnp.linalg.solve(kernel * weights[None] + ridge * jnp.eye(len(kernel)), residual)


def _all_once(weights: Weights, rows: Array) -> Float[Array, " n"]:
    return jnp.ones(len(rows), rows.dtype) if weights is None else weights


def _at_least_one(size: Float[Array, ""]) -> Float[Array, ""]:
    """A size to divide by, 1 for nobody."""
    return jnp.where(size > 0, size, 1.0)
