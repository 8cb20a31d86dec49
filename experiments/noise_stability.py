"""Does a party's value fall with noise? `python -m experiments.noise_stability --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Score parties of different noise, each alone; returns what result.json holds."""
    from functools import partial

    from davinz_jax.data import add_party_noise
    from experiments.runtime import compose
    from experiments.studies import base as study
    from experiments.studies import properties

    noise = compose.plain(cfg)["noise"]

    def spoil(dataset, parties, key):
        return add_party_noise(dataset, parties, **noise, key=key)[0]

    question = properties.Property(
        quantity="noise",
        unit="standard deviation",
        sign=-1,
        doses=lambda parties: noise["scales"],
        prepare=spoil,
    )
    return study.run(cfg, partial(properties.run, question=question))


if __name__ == "__main__":
    launch(main, "noise_stability")
