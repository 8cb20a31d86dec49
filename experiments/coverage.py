"""Do intervals hold what they should? `python -m experiments.coverage --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Redraw validation sets and seeds, count what intervals hold; returns what the JSON holds."""
    from experiments.studies.coverage.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "coverage")
