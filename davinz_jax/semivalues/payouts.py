r"""Dividing a budget by value, to the last cent.

Shares are proportional to value, kept between a floor and a cap by water-filling: one price per
unit of value, x_j = clip(price · w_j, floor, cap), with the price that spends the budget. They
are then rounded by largest remainder, so that the amounts sum to the budget exactly.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

Negative = Literal["zero", "shift", "charge", "refuse"]
Amount = int | float | str | Decimal
_LARGEST = 10**15  # units: a float64 still counts them one by one


@runtime_checkable
class Valued(Protocol):
    """Anything with named players and a value for each."""

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the p players."""
        ...

    @property
    def values(self) -> Float[np.ndarray, " p"]:
        """Value of each player."""
        ...


@dataclass(frozen=True)
class Payouts:
    """What each player is paid.

    Attributes:
        players: names of the p players.
        values: what they were valued at.
        units: amounts as whole numbers of the smallest unit (cents, for two decimals).
        decimals: decimals of an amount.
        negative: policy for negative values.
    """

    players: tuple[str, ...]
    values: Float[np.ndarray, " p"]
    units: Int[np.ndarray, " p"]
    decimals: int
    negative: Negative

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """Amounts as exact decimal numbers."""
        return tuple(Decimal(int(unit)).scaleb(-self.decimals) for unit in self.units)

    @property
    def total(self) -> Decimal:
        """Sum of the amounts: the budget."""
        return sum(self.amounts, Decimal(0))

    def to_frame(self) -> Any:
        """A pandas frame with columns player, value, payout and share (of the budget)."""
        import pandas as pd

        payout = [float(amount) for amount in self.amounts]
        return pd.DataFrame(
            {
                "player": self.players,
                "value": self.values,
                "payout": payout,
                "share": self.units / self.units.sum(),
            }
        )


def payouts(
    valuation: Valued,
    budget: Amount,
    *,
    negative: Negative = "zero",
    floor: Amount = 0,
    cap: Amount | None = None,
    decimals: int = 2,
) -> Payouts:
    """Divide a budget among players in proportion to their values.

    Args:
        valuation: players and values.
        budget: what to pay out in all, in units of money, positive.
        negative: `zero` counts negative values as 0; `shift` counts every value from the least
            one up; `charge` lets players of negative value pay the others; `refuse` is an error.
        floor: least amount a player gets, at least 0.
        cap: largest amount a player gets.
        decimals: decimals of an amount; 2 for cents, 0 for whole units.

    Returns:
        Amounts that sum to the budget exactly, floor ≤ amount ≤ cap.

    Raises:
        ValueError: if the budget is not positive, if floor and cap leave no way to spend exactly
            the budget, or if no player has a value to be paid for.
    """
    total = _units("budget", budget, decimals)
    if total <= 0:
        raise ValueError(f"budget: wanted a positive amount, got {budget}; name what is paid out")
    low = _units("floor", floor, decimals)
    high = total if cap is None else _units("cap", cap, decimals)
    weights = _weights(valuation, negative)
    if negative == "charge":
        _check_charge(weights, low, cap)
        exact = total * (weights / weights.sum())
        low, high = -_LARGEST, _LARGEST
    else:
        _check_limits(weights, total, low, high, decimals)
        exact = _water_fill(weights, total, low, high)
    units = _largest_remainder(exact, total, low, high)
    return Payouts(valuation.players, valuation.values, units, decimals, negative)


def _units(name: str, amount: Amount, decimals: int) -> int:
    try:
        scaled = Decimal(str(amount)).scaleb(decimals)
    except InvalidOperation:
        scaled = Decimal("nan")
    if not scaled.is_finite() or scaled != scaled.to_integral_value() or scaled > _LARGEST:
        raise ValueError(
            f"{name}: wanted an amount of at most {decimals} decimals, got {amount}; "
            "round it or raise `decimals`"
        )
    return int(scaled)


def _weights(valuation: Valued, negative: Negative) -> Float[np.ndarray, " p"]:
    values = np.asarray(valuation.values, dtype=np.float64)
    if negative == "refuse" and (values < 0).any():
        worst = valuation.players[int(values.argmin())]
        raise ValueError(
            f"values: wanted none negative, got {values.min():.6g} for {worst}; "
            "choose negative='zero', 'shift' or 'charge'"
        )
    if negative == "charge":
        return values
    return values - values.min() if negative == "shift" else np.maximum(values, 0.0)


def _check_charge(weights: np.ndarray, low: int, cap: Amount | None) -> None:
    if low or cap is not None:
        raise ValueError(
            "floor, cap: wanted neither with negative='charge', got a floor or a cap; "
            "choose negative='zero' or 'shift'"
        )
    if weights.sum() <= 0:
        raise ValueError(
            f"values: wanted a positive sum to charge against, got {weights.sum():.6g}; "
            "choose negative='shift'"
        )


def _check_limits(weights: np.ndarray, total: int, low: int, high: int, decimals: int) -> None:
    num, unit = len(weights), 10**decimals
    if not weights.any():
        raise ValueError(
            "values: wanted a player of positive value, got none; choose negative='shift' for "
            "shares by distance to the least valued player"
        )
    if not 0 <= low <= high:
        raise ValueError(
            f"floor, cap: wanted 0 <= floor <= cap, got {low / unit:g} and {high / unit:g}; "
            "swap or drop one"
        )
    if num * low > total:
        raise ValueError(
            f"floor: wanted at most {total // num / unit:g} for {num} players, got {low / unit:g}; "
            "lower the floor or raise the budget"
        )
    if num * high < total:
        raise ValueError(
            f"cap: wanted at least {-(-total // num) / unit:g} for {num} players, got "
            f"{high / unit:g}; raise the cap or lower the budget"
        )
    paid = int((weights > 0).sum())
    if paid * high + (num - paid) * low < total:
        raise ValueError(
            f"budget: wanted at most {(paid * high + (num - paid) * low) / unit:g} where {paid} of "
            f"{num} players have a positive value, got {total / unit:g}; raise the cap or choose "
            "negative='shift'"
        )


def _water_fill(weights: np.ndarray, total: int, low: int, high: int) -> Float[np.ndarray, " p"]:
    # Spending is increasing and piecewise linear in the price; its corners are low/w and high/w.
    scaled = weights / weights.max(initial=0.0)
    positive = scaled[scaled > 0]
    corners = np.sort(np.concatenate([[0.0], low / positive, high / positive]))

    def spending(price: float) -> float:
        return float(np.clip(price * scaled, low, high).sum())

    left, right = 0, len(corners) - 1
    while right - left > 1:
        middle = (left + right) // 2
        left, right = (middle, right) if spending(corners[middle]) <= total else (left, middle)
    below, above = spending(corners[left]), spending(corners[right])
    part = 0.0 if above == below else (total - below) / (above - below)
    price = corners[left] + part * (corners[right] - corners[left])
    return np.clip(price * scaled, low, high)


def _largest_remainder(exact: np.ndarray, total: int, low: int, high: int) -> Int[np.ndarray, " p"]:
    units = np.floor(np.round(exact, 6)).astype(np.int64)
    order = np.argsort(-(exact - units), kind="stable")
    step = 1 if units.sum() < total else -1
    while (missing := abs(total - int(units.sum()))) > 0:
        with_room = [j for j in order if low <= units[j] + step <= high][:missing]
        units[with_room] += step
    return units
