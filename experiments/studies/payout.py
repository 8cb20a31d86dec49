"""A budget divided by the values of a saved run: what `experiments.payout` runs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from omegaconf import DictConfig

from davinz_jax.files import write_whole
from davinz_jax.semivalues import Payouts, Valuation
from experiments.report import certainty
from experiments.report.page.common import text_table
from experiments.report.page.document import Document
from experiments.report.page.of_study import study_page
from experiments.report.page.render import REPORT, page_writer
from experiments.runtime import claims, compose, console, outputs, saved

TABLE = "payouts.csv"
LEVEL = 0.95  # at which pairs are told apart
MOST_NAMES = 8
HEADERS = ("player", "value", "± stderr", "payout", "share")


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Divide, print, and write to the folder; returns what result.json holds."""
    with claims.claim(folder, overwrite=cfg.overwrite):
        return _run(cfg, folder)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    valuation = saved.valuation(Path(cfg.run), by_party=cfg.by_party)
    paid = valuation.payouts(
        cfg.budget, negative=cfg.negative.value, floor=cfg.floor, cap=cfg.cap, decimals=cfg.decimals
    )
    frame = table(paid, valuation.stderr)
    show(frame, f"{cfg.budget:,.{cfg.decimals}f} by {valuation.method}", paid.decimals)
    doubt = certainty.pairs_note(valuation, LEVEL)
    notes = [f"{doubt}; what these are paid may differ by chance alone"] if doubt else []
    followed = what_is_followed(saved.result(Path(cfg.run)))
    zeroed = set_to_zero(valuation, cfg.negative.value)
    notes += [
        *followed["second_opinion"],
        *followed["trust"],
        *([zero_note(zeroed)] if zeroed else []),
    ]
    for text in notes:
        console.note(text)
    content = (
        result(paid, cfg.budget)
        | followed
        | {
            "set_to_zero": zeroed,
            "not_separable": certainty.pairs_not_separable(valuation, LEVEL),
            "coverage": {"level": LEVEL, "not_separable": certainty.ALL},
            "config": compose.plain(cfg),
            "versions": outputs.versions(),
        }
    )
    files = {
        TABLE: outputs.csv_writer(frame),
        REPORT: page_writer(report(frame, content, paid.decimals, notes)),
        outputs.RESULT: outputs.result_writer(content),
    }
    write_whole(folder, files)
    console.say(f"written to {folder}: {', '.join(files)}")
    return content


def what_is_followed(run: Mapping[str, Any]) -> dict[str, Any]:
    """The utility that the money follows, and what the run said of it.

    That is where a second opinion parts, and what a trust run said, each as a list of sentences.

    Args:
        run: what result.json of the run holds.
    """
    second = run.get("second_opinion") or {}
    said = second["says"] if second.get("parts") else []
    told = [run["trust"]["sentence"]] if run.get("trust") else []
    utility = run["utility"]
    named = {name: utility[name] for name in ("kind", "metric", "kernel") if name in utility}
    return {"follows": named | {"semivalue": run["method"]}, "second_opinion": said, "trust": told}


def set_to_zero(valuation: Valuation, negative: str) -> list[str]:
    """Players of negative value who are paid as if it were zero."""
    if negative != "zero":
        return []
    pairs = zip(valuation.players, valuation.values, strict=True)
    return [name for name, value in pairs if value < 0]


def zero_note(players: Sequence[str]) -> str:
    """What is said of them."""
    named = ", ".join(players[:MOST_NAMES])
    rest = f" and {len(players) - MOST_NAMES} more" if len(players) > MOST_NAMES else ""
    return (
        f"set to zero, for values below it: {named}{rest}; negative=shift, charge or refuse treats "
        "them otherwise"
    )


def result(paid: Payouts, budget: float) -> dict[str, Any]:
    """What result.json holds of payouts: amounts as text, exact to the last decimal."""
    amounts = zip(paid.players, map(str, paid.amounts), strict=True)
    return {"budget": budget, "total": str(paid.total), "payouts": dict(amounts)}


def table(paid: Payouts, stderr: Float[np.ndarray, " p"]) -> pd.DataFrame:
    """One line a player, the best paid first, with the standard error of its value."""
    frame = paid.to_frame()
    frame.insert(2, "stderr", stderr)
    return frame.sort_values("payout", ascending=False)


def show(frame: pd.DataFrame, title: str, decimals: int) -> None:
    """Print what each player is paid, with the standard error of its value."""
    console.table(title, HEADERS, _cells(frame, decimals))


def _cells(frame: pd.DataFrame, decimals: int) -> list[list[str]]:
    return [
        [row["player"], f"{row['value']:+.5g}",
         "-" if np.isnan(row["stderr"]) else f"{row['stderr']:.2g}",
         f"{row['payout']:,.{decimals}f}", f"{row['share']:.1%}"]
        for row in frame.to_dict("records")
    ]  # fmt: skip


def report(
    frame: pd.DataFrame, content: Mapping[str, Any], decimals: int, notes: Sequence[str]
) -> Document:
    """The page of payouts.

    Args:
        frame: as `table` gives it.
        content: what result.json holds.
        decimals: of an amount.
        notes: what a reader should know.
    """
    cells = _cells(frame, decimals)
    (best, *_, most, share), (least, *_, fewest, _) = cells[0], cells[-1]
    how = ", ".join(str(value).replace("_", " ") for value in content["follows"].values())
    return study_page(
        "What is each player paid?",
        verdicts=[
            f"of {content['budget']:,.{decimals}f}, {best} is paid most: {most} ({share})",
            f"least is paid to {least}: {fewest}; the money follows {how}",
        ],
        tables=[text_table("Payouts, the best paid first", HEADERS, cells)],
        notes=notes,
        content=content,
    )
