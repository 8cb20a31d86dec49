"""Do values order parties by quality alone? `python -m experiments.party_quality --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Value parties made worse in known ways by every score; returns what the JSON holds."""
    from experiments.studies.party_quality.run import run

    return run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "party_quality")
