"""What is one more party worth? `python -m experiments.score --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Score a new party against a saved run; writes result.json."""
    from experiments.studies import score

    return score.run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "score")
