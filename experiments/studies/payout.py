"""A budget divided by the values of a saved run: what `experiments.payout` runs."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from davinz_jax.files import write_whole
from davinz_jax.semivalues import Payouts
from experiments.report import certainty
from experiments.runtime import claims, compose, console, outputs, saved

TABLE = "payouts.csv"
LEVEL = 0.95  # at which pairs are told apart


def run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Divide, print, and write to the folder; returns what result.json holds."""
    with claims.claim(folder, overwrite=cfg.overwrite):
        return _run(cfg, folder)


def _run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    valuation = saved.valuation(Path(cfg.run), by_party=cfg.by_party)
    paid = valuation.payouts(
        cfg.budget, negative=cfg.negative.value, floor=cfg.floor, cap=cfg.cap, decimals=cfg.decimals
    )
    show(paid, f"{cfg.budget:,.{cfg.decimals}f} by {valuation.method}")
    if doubt := certainty.pairs_note(valuation, LEVEL):
        console.note(f"{doubt}; what these are paid may differ by chance alone")
    content = result(paid, cfg.budget) | {
        "not_separable": certainty.pairs_not_separable(valuation, LEVEL),
        "coverage": {"level": LEVEL, "not_separable": certainty.ALL},
        "config": compose.plain(cfg),
        "versions": outputs.versions(),
    }
    files = {
        TABLE: outputs.csv_writer(_best_paid_first(paid)),
        outputs.RESULT: outputs.result_writer(content),
    }
    write_whole(folder, files)
    console.say(f"written to {folder}: {', '.join(files)}")
    return content


def result(paid: Payouts, budget: float) -> dict[str, Any]:
    """What result.json holds of payouts: amounts as text, exact to the last decimal."""
    amounts = zip(paid.players, map(str, paid.amounts), strict=True)
    return {"budget": budget, "total": str(paid.total), "payouts": dict(amounts)}


def show(paid: Payouts, title: str) -> None:
    """Print what each player is paid, the best paid first."""
    console.table(
        title,
        ["player", "value", "payout", "share"],
        (
            [row["player"], f"{row['value']:+.5g}", f"{row['payout']:,.{paid.decimals}f}",
             f"{row['share']:.1%}"]
            for row in _best_paid_first(paid).to_dict("records")
        ),
    )  # fmt: skip


def _best_paid_first(paid: Payouts) -> Any:
    return paid.to_frame().sort_values("payout", ascending=False)
