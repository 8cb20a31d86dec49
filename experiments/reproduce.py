"""All of the paper's experiments by one plan: `python -m experiments.reproduce --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Run what a plan lists, the most answers an hour first; returns what plan.json holds."""
    from experiments.studies.reproduce.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "reproduce")
