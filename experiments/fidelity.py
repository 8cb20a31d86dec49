"""Does a score track trained networks at equal size? `python -m experiments.fidelity --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Train on sets made worse in known ways, score them, compare; returns what the JSON holds."""
    from experiments.studies.fidelity.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "fidelity")
