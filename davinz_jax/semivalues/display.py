"""A valuation in a line, and as a table of a notebook."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
from jaxtyping import Float, Int, ScalarLike

MOST_LINES = 20
"""Players of a notebook's table; of more, the best and the worst are shown."""

_KINDS = {"row": "rows", "sum of rows": "parties, as sums of their rows"}


def title_of(method: str, description: Any, num_players: int) -> str:
    """What was valued and how, in words.

    Args:
        method: of the valuation.
        description: of the valuation; that of its utility may be missing.
        num_players: p.

    >>> title_of("shapley", {"utility": {"kind": "davinz"}, "player_kind": "row"}, 1000)
    'shapley values of 1,000 rows by davinz'
    """
    kind = (description.get("utility") or {}).get("kind")
    players = _KINDS.get(description.get("player_kind", ""), "parties")
    by = f" by {kind}" if kind else ""
    return f"{method} values of {num_players:,} {players}{by}".replace("_", " ")


def one_line(
    title: str,
    players: Sequence[str],
    values: Float[np.ndarray, " p"],
    stderr: Float[np.ndarray, " p"],
) -> str:
    """The title, and the best and the worst player with their values."""
    best, worst = int(values.argmax()), int(values.argmin())
    ends = [
        f"{name} {players[at]} {_number(values[at], stderr[at])}"
        for name, at in (("best", best), ("worst", worst))
    ]
    return f"<Valuation {title}; {', '.join(ends)}>"


def table(
    title: str,
    players: Sequence[str],
    values: Float[np.ndarray, " p"],
    stderr: Float[np.ndarray, " p"],
    ranks: Int[np.ndarray, "p 2"],
    num_rows: Int[np.ndarray, " p"],
) -> str:
    """HTML without address or script, best first, every name escaped.

    Args:
        title: what was valued.
        players: names.
        values: one a player.
        stderr: their standard errors; NaN if not measured.
        ranks: best and worst rank that each may have.
        num_rows: rows each player holds.
    """
    import pandas as pd

    order = np.argsort(-values, kind="stable")
    shown = order
    if len(order) > MOST_LINES:
        shown = np.concatenate([order[: MOST_LINES // 2], order[-MOST_LINES // 2 :]])
    frame = pd.DataFrame(
        {
            "player": [players[at] for at in shown],
            "value": [_number(float(values[at]), float(stderr[at])) for at in shown],
            "rank": [_span(*ranks[at]) for at in shown],
            "rows": [f"{num_rows[at]:,}" for at in shown],
        }
    )
    left_out = len(order) - len(shown)
    caption = f"{title}{f' ({left_out:,} in the middle left out)' if left_out else ''}"
    body = frame.to_html(index=False, border=0, escape=True, justify="left")
    return f"<div><p><b>{escape(caption)}</b></p>{body}</div>"


def _number(value: float, stderr: float) -> str:
    """A value with its standard error, as far as there is one."""
    shown = f"{value:+.4f}" if 1e-2 <= abs(value) < 1e4 or value == 0 else f"{value:+.2e}"
    return shown if np.isnan(stderr) else f"{shown} ± {stderr:.1g}"


def _span(low: ScalarLike, high: ScalarLike) -> str:
    return f"{low}" if low == high else f"{low}–{high}"
