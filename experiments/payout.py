"""What is each player paid? `python -m experiments.payout --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Divide a budget by the values of a saved run; writes payouts.csv and result.json."""
    from experiments.studies import payout

    return payout.run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "payout")
