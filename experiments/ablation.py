"""What does each choice cost and change? `python -m experiments.ablation --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Vary one option at a time against a large reference; returns what result.json holds."""
    from experiments import ablating, study

    return study.conduct(cfg, ablating.examine)


if __name__ == "__main__":
    launch(main, "ablation")
