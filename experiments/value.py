"""What is each party's data worth, or each row's? `python -m experiments.value --help`.

Composes data, network, kernels and utility, values the players, prints a table, and leaves
values.csv, result.json, valuation.npz and figures in the run's folder.
"""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, named_options, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Value the players of one configuration; returns what result.json holds."""
    from experiments.studies import value

    with value.claim(cfg, output_folder()) as folder:
        prepared = value.prepare(cfg, folder, named_options())
        with prepared.stages.stage("utility"):
            utility = prepared.components.utility(prepared.context.ingredients)
        return value.run(prepared, utility, cfg)


if __name__ == "__main__":
    launch(main, "value")
