"""Does a party's value rise with its size? `python -m experiments.data_quantity --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Score parties of different sizes, each alone; returns what result.json holds."""
    from functools import partial

    from experiments.studies import base as study
    from experiments.studies import properties

    question = properties.Property(
        quantity="size",
        unit="rows",
        sign=1,
        doses=lambda parties: parties.sizes.tolist(),
        is_logarithmic=True,
    )
    return study.run(cfg, partial(properties.run, question=question))


if __name__ == "__main__":
    launch(main, "data_quantity")
