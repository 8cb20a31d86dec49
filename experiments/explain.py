"""Who helped to predict a validation row, and who hurt? `python -m experiments.explain --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Explain one validation row of a saved run; writes explained.csv, a figure and result.json."""
    from experiments.studies import explain

    return explain.run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "explain")
