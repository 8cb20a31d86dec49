"""What do models lose with rows of low value? `python -m experiments.removal_benchmark --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Remove rows by the values of every method of ours and rivals; returns what the JSON holds."""
    from experiments.studies.removal_benchmark.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "removal_benchmark")
