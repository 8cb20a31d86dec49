"""What does each choice cost and change? `python -m experiments.ablation --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Vary one option at a time against a large reference; returns what result.json holds."""
    from experiments.studies import ablation
    from experiments.studies import base as study

    return study.run(cfg, ablation.run)


if __name__ == "__main__":
    launch(main, "ablation")
