"""Do networks agree on what parties are worth? `python -m experiments.model_robustness --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Value the same parties by several networks; returns what result.json holds."""
    from experiments import robustness, study

    return study.conduct(cfg, robustness.examine)


if __name__ == "__main__":
    launch(main, "model_robustness")
