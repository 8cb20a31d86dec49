"""What is each party's data worth, or each row's? `python -m experiments.value --help`.

Composes data, network, kernels and utility, values the players, prints a table, and leaves
values.csv, result.json, valuation.npz and figures in the run's folder.
"""

from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Value the players of one configuration; returns what result.json holds."""
    from experiments.runtime import compose, hosting

    folder = Path(HydraConfig.get().runtime.output_dir)
    with hosting.joined(folder, **compose.plain(cfg.hosts)) as is_first:
        return _valued(cfg, Path(cfg.value.resume or folder)) if is_first else _share(cfg)


def _valued(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Value the players, print and write."""
    from experiments.runtime import compose
    from experiments.runtime.console import Stages
    from experiments.studies import value as valuing

    run = valuing.value(
        compose.components(cfg),
        values_rows=cfg.players.value == "rows",
        folder=folder,
        is_resumed=cfg.value.resume is not None,
        stages=Stages(),
    )
    content = valuing.result(run, compose.plain(cfg))
    valuing.show(run, level=cfg.value.level, num_worst=cfg.value.worst)
    valuing.save(run, content, folder, level=cfg.value.level, num_worst=cfg.value.worst)
    return content


def _share(cfg: DictConfig) -> dict[str, Any]:
    """Compute this process's share of the kernels, for the first process to go on from."""
    from experiments.runtime import compose, console
    from experiments.studies import value as valuing

    components = compose.components(cfg)
    valuing.prepare(components, values_rows=cfg.players.value == "rows", stages=console.Stages())
    console.say("kernels done; process 0 has them and goes on alone")
    return {}


if __name__ == "__main__":
    launch(main, "value")
