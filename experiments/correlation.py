"""Does ν tell how well a trained network will do? `python -m experiments.correlation --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Score bootstrap data sets and train on them; returns what result.json holds."""
    from experiments.studies import base as study
    from experiments.studies import correlation

    return study.run(cfg, correlation.run)


if __name__ == "__main__":
    launch(main, "correlation")
