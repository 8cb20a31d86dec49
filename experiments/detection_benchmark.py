"""Who finds the wrong rows of a data set? `python -m experiments.detection_benchmark --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Find rows made wrong by every method of ours and rivals; returns what the JSON holds."""
    from experiments.studies.detection_benchmark.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "detection_benchmark")
