"""What is each row worth to a pretrained encoder? `python -m experiments.finetuning --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Value rows by every method and tune networks on them; returns what the JSON holds."""
    from experiments.studies.finetuning.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "finetuning")
