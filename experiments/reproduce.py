"""Which of the paper's claims hold? `python -m experiments.reproduce --help`.

Runs all of the paper's experiments by one plan.
"""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Run what a plan lists, the most answers an hour first; returns what plan.json holds."""
    from experiments.studies.reproduce.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "reproduce")
