"""Does value rise with the target domain's share? `python -m experiments.data_preference --help`.

Parties mix two domains, and the target set is of the second.
"""

from typing import Any

from omegaconf import DictConfig

from experiments.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Score parties of different mixtures, each alone; returns what result.json holds."""
    from functools import partial

    from experiments import properties, study

    question = properties.Property(
        quantity="share in the target's domain",
        unit="fraction",
        sign=1,
        levels=lambda parties: cfg.data.shares,
    )
    return study.conduct(cfg, partial(properties.examine, question=question))


if __name__ == "__main__":
    launch(main, "data_preference")
