"""Do networks agree on what parties are worth? `python -m experiments.model_robustness --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Value the same parties by several networks; returns what result.json holds."""
    from experiments.studies import base as study
    from experiments.studies import model_robustness

    return study.run(cfg, model_robustness.run)


if __name__ == "__main__":
    launch(main, "model_robustness")
