r"""How much the sizes of the coalitions that a semivalue joins a player to weigh.

A semivalue of player j is the mean marginal E[u(S ∪ j) − u(S)] over coalitions S of the other
players, drawn by their size: P(s) for |S| = s, all coalitions of one size being equally likely.
The p probabilities P(0), …, P(p − 1) therefore say which semivalue it is.
"""

import numpy as np
from jaxtyping import Float, ScalarLike
from scipy.special import betaln, gammaln


def log_binomial(total: int, chosen: Float[np.ndarray, " s"]) -> Float[np.ndarray, " s"]:
    """Logarithm of the number of coalitions of each size among `total` players."""
    return gammaln(total + 1) - gammaln(chosen + 1) - gammaln(total - chosen + 1)


def shapley_weights(num_players: int) -> Float[np.ndarray, " p"]:
    """All sizes alike: the Shapley value (`shapley1953value`)."""
    return np.full(num_players, 1.0 / num_players)


def banzhaf_weights(num_players: int) -> Float[np.ndarray, " p"]:
    """All coalitions alike, so sizes are binomial: the Banzhaf value (`banzhaf1965weighted`)."""
    sizes = np.arange(num_players, dtype=np.float64)
    return np.exp(log_binomial(num_players - 1, sizes) - (num_players - 1) * np.log(2.0))


def beta_weights(
    num_players: int, *, alpha: ScalarLike, beta: ScalarLike
) -> Float[np.ndarray, " p"]:
    """Sizes are beta-binomial: the Beta(α, β)-Shapley value.

    P(s) = C(p − 1, s) B(s + β, p − 1 − s + α) / B(α, β), in log space. A large α favours small
    coalitions, a large β large ones; α = β = 1 is the Shapley value.

    Args:
        num_players: p.
        alpha: α > 0.
        beta: β > 0.

    Returns:
        P(0), …, P(p − 1), which sum to one.

    Raises:
        ValueError: if α or β is not a positive finite number.

    References:
        Kwon & Zou 2022 (`kwon2022beta`).
    """
    a, b = _positive("alpha", alpha), _positive("beta", beta)
    sizes = np.arange(num_players, dtype=np.float64)
    others = num_players - 1
    log = log_binomial(others, sizes) + betaln(sizes + b, others - sizes + a) - betaln(a, b)
    return np.exp(log)


def _positive(name: str, value: ScalarLike) -> float:
    number = float(np.asarray(value))
    if not (np.isfinite(number) and number > 0):
        raise ValueError(
            f"{name}: wanted a positive finite number, got {number:g}; "
            "alpha = beta = 1 is the Shapley value"
        )
    return number
