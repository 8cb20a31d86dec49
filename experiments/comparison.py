"""Whose leave-one-out values agree with retraining? `python -m experiments.comparison --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Compare methods with the leave-one-out change of trained networks; returns the result."""
    from experiments.studies import base as study
    from experiments.studies import comparison

    return study.run(cfg, comparison.run)


if __name__ == "__main__":
    launch(main, "comparison")
