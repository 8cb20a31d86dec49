"""Does value rise with a domain's share? `python -m experiments.data_preference --help`.

Parties mix two domains, and the validation set is of the second.
"""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Score parties of different mixtures, each alone; returns what result.json holds."""
    from functools import partial

    from experiments.studies import base as study
    from experiments.studies import properties

    question = properties.Property(
        quantity="share in the validation set's domain",
        unit="fraction",
        sign=1,
        doses=lambda parties: cfg.data.shares,
    )
    return study.run(cfg, partial(properties.run, question=question))


if __name__ == "__main__":
    launch(main, "data_preference")
