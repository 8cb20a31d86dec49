"""What each method says of each coalition: the score, its terms, what networks achieved.

A study that compares methods keeps these rows beside its table, in coalitions.csv:

| column | what it is |
|---|---|
| method, coalition, num_rows | who says it, of whom, rows of the coalition |
| draw | number of the network's draw |
| score | the higher the better: the utility, or the performance of a trained network |
| complexity, discrepancy, … | a utility's terms, which add up to the score |
| accuracy, loss | on the validation set, of a trained network; loss in nats, or squared unit |
| epochs, settled | of its training; whether the stopping rule was met |
| seconds | of its training; of a utility, an equal share of the time of all its answers |
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool

from davinz_jax.data import Parties
from davinz_jax.training import CoalitionPerformance
from davinz_jax.types import Utility

Members = Bool[np.ndarray, "c p"]


def of_utility(
    method: str, utility: Utility, members: Members, parties: Parties, *, seconds: float
) -> pd.DataFrame:
    """One row a coalition and draw of the network.

    Args:
        method: its name.
        utility: what is asked.
        members: who is in each coalition.
        parties: whose rows count.
        seconds: that all answers took.
    """
    terms = utility.coalitions(members)[:, : utility.num_initialisations]  # (t, i, c)
    columns = dict(zip(utility.terms, terms, strict=True)) if len(terms) > 1 else {}
    draws, num = terms.shape[1:]
    found = {"score": terms.sum(0), **columns, "seconds": np.full((draws, num), seconds / num)}
    return _frame(method, members, parties, {k: v.ravel() for k, v in found.items()}, draws)


def of_trainings(
    method: str,
    trained: Sequence[Sequence[CoalitionPerformance]],
    members: Members,
    parties: Parties,
) -> pd.DataFrame:
    """One row a coalition and training: what `train_members` gave."""
    results = [each for training in trained for each in training]
    columns = {
        "score": [each.performance.score for each in results],
        "accuracy": [each.performance.accuracy for each in results],
        "loss": [each.performance.loss for each in results],
        "epochs": [each.epochs for each in results],
        "settled": [each.converged for each in results],
        "seconds": [each.seconds for each in results],
    }
    return _frame(method, members, parties, columns, len(trained))


def _frame(
    method: str, members: Members, parties: Parties, columns: dict[str, Any], draws: int
) -> pd.DataFrame:
    names = [coalition_name(each, parties.names) for each in members]
    about = {
        "method": method,
        "coalition": names * draws,
        "num_rows": np.tile(members @ parties.sizes, draws),
        "draw": np.repeat(np.arange(draws), len(members)),
    }
    return pd.DataFrame(about | columns)


def coalition_name(members: Bool[np.ndarray, " p"], names: Sequence[str]) -> str:
    """Who is in it, by the shorter of two ways to say so.

    >>> coalition_name(np.array([True, False, True]), ["a", "b", "c"])
    'all but b'
    """
    inside = [name for name, is_member in zip(names, members, strict=True) if is_member]
    outside = [name for name in names if name not in inside]
    if not outside:
        return "all"
    return f"all but {outside[0]}" if len(outside) == 1 < len(inside) else "+".join(inside)


def settled_shares(parts: pd.DataFrame) -> dict[str, float]:
    """Share of networks whose training met its stopping rule, by method; those that train alone."""
    if "settled" not in parts:
        return {}
    by_method = _columns(parts, "settled")
    trained = {name: own for name, own in by_method.items() if not pd.isna(own).any()}
    return {name: float(np.mean(own.astype(bool))) for name, own in trained.items()}


def num_draws(parts: pd.DataFrame) -> dict[str, int]:
    """Draws of the network that each method was found for."""
    return {name: len(np.unique(own)) for name, own in _columns(parts, "draw").items()}


def seconds_by_method(parts: pd.DataFrame) -> dict[str, float]:
    """Seconds of all coalitions, in all seeds, added up."""
    return {name: float(own.sum()) for name, own in _columns(parts, "seconds").items()}


def _columns(parts: pd.DataFrame, column: str) -> dict[str, Any]:
    """A column's values by method."""
    methods, values = parts["method"].to_numpy(), parts[column].to_numpy()
    return {str(name): values[methods == name] for name in dict.fromkeys(methods)}
