"""What is each player paid? `python -m experiments.payout --help`."""

from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Divide a budget by the values of a saved run; writes payouts.csv and result.json."""
    from pathlib import Path

    from experiments.runtime import compose, console, outputs, saved

    valuation = saved.valuation(Path(cfg.run), by_party=cfg.by_party)
    paid = valuation.payouts(
        cfg.budget, negative=cfg.negative.value, floor=cfg.floor, cap=cfg.cap, decimals=cfg.decimals
    )
    frame = paid.to_frame().sort_values("payout", ascending=False)
    console.table(
        f"{cfg.budget:,.{cfg.decimals}f} by {valuation.method}",
        ["player", "value", "payout", "share"],
        (
            [row["player"], f"{row['value']:+.5g}", f"{row['payout']:,.{cfg.decimals}f}",
             f"{row['share']:.1%}"]
            for row in frame.to_dict("records")
        ),
    )  # fmt: skip
    content = {
        "budget": cfg.budget,
        "total": str(paid.total),
        "payouts": {
            name: str(amount) for name, amount in zip(paid.players, paid.amounts, strict=True)
        },
        "config": compose.plain(cfg),
        "versions": outputs.versions(),
    }
    folder = Path(HydraConfig.get().runtime.output_dir)
    outputs.write_whole(
        folder,
        {
            "payouts.csv": outputs.csv_writer(frame),
            outputs.RESULT: outputs.json_writer(content),
        },
    )
    console.say(f"written to {folder}: payouts.csv, {outputs.RESULT}")
    return content


if __name__ == "__main__":
    launch(main, "payout")
