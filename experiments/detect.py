"""Which rows are wrong? `python -m experiments.detect --help`.

Judges each row by kernel regression on all others, cuts off the doubtful ones, and leaves
rows.csv, keep.csv, drop.csv, result.json and figures in the run's folder.
"""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, named_options, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Judge the rows of one configuration; returns what result.json holds."""
    from experiments.studies.detect import run

    return run.run(cfg, output_folder(), named_options())


if __name__ == "__main__":
    launch(main, "detect")
