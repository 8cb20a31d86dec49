r"""Dividing a budget by value, to the last cent.

Shares are proportional to value, kept between a floor and a cap by water-filling: one price per
unit of value, x_j = clip(price · w_j, floor, cap), with the price that spends the budget. They
are then rounded by largest remainder, so that the amounts sum to the budget exactly. All this is in
fractions: a float is one, however small.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

Negative = Literal["zero", "shift", "charge", "refuse"]
Amount = int | float | str | Decimal
_LARGEST = 10**15  # units: a float64 still counts them one by one
_MOST_DECIMALS = 12
_CANCELLED = Fraction(1, 10**9)
"""Share of all values, counted positive, below which their sum is rounding."""


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
    if not 0 <= decimals <= _MOST_DECIMALS:
        raise ValueError(f"decimals: wanted 0 to {_MOST_DECIMALS}, got {decimals}; 2 for cents")
    total = _units("budget", budget, decimals)
    if total <= 0:
        raise ValueError(f"budget: wanted a positive amount, got {budget}; name what is paid out")
    low = _units("floor", floor, decimals)
    high = total if cap is None else _units("cap", cap, decimals)
    weights = _weights(valuation, negative)
    if negative == "charge":
        _check_charge(weights, low, cap)
        price = total / sum(weights, Fraction(0))
        exact = [price * weight for weight in weights]
    else:
        _check_limits(weights, total, low, high, decimals)
        exact = _water_fill(weights, total, low, high)
    units = _largest_remainder(exact, total)
    return Payouts(valuation.players, valuation.values, units, decimals, negative)


def _units(name: str, amount: Amount, decimals: int) -> int:
    try:
        given = Decimal(str(amount))
    except InvalidOperation:
        given = Decimal("nan")
    if not given.is_finite():
        raise ValueError(f"{name}: wanted an amount of money, got {amount}; give a number")
    largest = Decimal(_LARGEST).scaleb(-decimals)
    if abs(given) > largest:
        raise ValueError(
            f"{name}: wanted at most {largest:f}, got {amount}; count in a larger unit or lower "
            "`decimals`"
        )
    scaled = given.scaleb(decimals)
    if scaled != scaled.to_integral_value():
        raise ValueError(
            f"{name}: wanted an amount of at most {decimals} decimals, got {amount}; "
            "round it or raise `decimals`"
        )
    return int(scaled)


def _weights(valuation: Valued, negative: Negative) -> list[Fraction]:
    """What each player's share is in proportion to, by the policy for negative values."""
    values = np.asarray(valuation.values, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("values: wanted finite numbers, got NaN or infinity; value anew")
    if negative == "refuse" and (values < 0).any():
        worst = valuation.players[int(values.argmin())]
        raise ValueError(
            f"values: wanted none negative, got {values.min():.6g} for {worst}; "
            "choose negative='zero', 'shift' or 'charge'"
        )
    exact = [Fraction(value) for value in values.tolist()]
    if negative == "charge":
        return exact
    least = min(exact) if negative == "shift" else Fraction(0)
    weights = [max(value - least, Fraction(0)) for value in exact]
    if not any(weights):
        raise ValueError(_nobody_to_pay(values, negative))
    return weights


def _nobody_to_pay(values: Float[np.ndarray, " p"], negative: Negative) -> str:
    if negative == "shift":
        remedy = "choose negative='zero'" if values[0] > 0 else "share the budget out equally"
        return (
            f"values: wanted values that differ for negative='shift', got {values[0]:.6g} for "
            f"every player; {remedy}"
        )
    alike = (values == values[0]).all()
    remedy = (
        "nobody is worth more than another, so share the budget out equally"
        if alike
        else "choose negative='shift' for shares by distance to the least valued player"
    )
    return f"values: wanted a player of positive value, got none; {remedy}"


def _check_charge(weights: list[Fraction], low: int, cap: Amount | None) -> None:
    if low or cap is not None:
        raise ValueError(
            "floor, cap: wanted neither with negative='charge', got a floor or a cap; "
            "choose negative='zero' or 'shift'"
        )
    whole, size = sum(weights), sum(abs(weight) for weight in weights)
    if whole <= size * _CANCELLED:
        raise ValueError(
            f"values: wanted a positive sum to charge against, got {float(whole):.6g} of values "
            f"that measure {float(size):.6g} in all; choose negative='shift' or 'zero'"
        )


def _check_limits(weights: list[Fraction], total: int, low: int, high: int, decimals: int) -> None:
    num, unit = len(weights), 10**decimals
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
    paid = sum(weight > 0 for weight in weights)
    if paid * high + (num - paid) * low < total:
        raise ValueError(
            f"budget: wanted at most {(paid * high + (num - paid) * low) / unit:g} where {paid} of "
            f"{num} players have a positive value, got {total / unit:g}; raise the cap or choose "
            "negative='shift'"
        )


def _water_fill(weights: list[Fraction], total: int, low: int, high: int) -> list[Fraction]:
    # Spending is increasing and piecewise linear in the price; its corners are low/w and high/w.
    positive = [weight for weight in weights if weight]
    corners = sorted({Fraction(0), *(limit / w for w in positive for limit in (low, high))})

    def amounts(price: Fraction) -> list[Fraction]:
        return [min(max(price * weight, Fraction(low)), Fraction(high)) for weight in weights]

    left, right = 0, len(corners) - 1
    while right - left > 1:
        middle = (left + right) // 2
        spent = sum(amounts(corners[middle]))
        left, right = (middle, right) if spent <= total else (left, middle)
    below, above = sum(amounts(corners[left])), sum(amounts(corners[right]))
    part = Fraction(total - below, above - below) if above != below else Fraction(0)
    return amounts(corners[left] + part * (corners[right] - corners[left]))


def _largest_remainder(exact: list[Fraction], total: int) -> Int[np.ndarray, " p"]:
    """Whole units: as many as there are remainders to a whole, the largest remainders first."""
    units = [amount.__floor__() for amount in exact]
    order = sorted(range(len(exact)), key=lambda j: units[j] - exact[j])
    for j in order[: total - sum(units)]:
        units[j] += 1
    return np.array(units, dtype=np.int64)
