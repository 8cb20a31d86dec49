"""What is each party's data worth, or each row's? `python -m experiments.value --help`.

Composes data, network, kernels and utility, values the players, prints a table, and leaves
values.csv, result.json, valuation.npz and figures in the run's folder.
"""

from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from experiments.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Value the players of one configuration; returns what result.json holds."""
    from pathlib import Path

    from experiments import compose, console, hosting, valuing

    stages = console.Stages()
    is_first = hosting.join(**compose.plain(cfg.hosts))
    folder = Path(cfg.value.resume or HydraConfig.get().runtime.output_dir)
    pieces = compose.pieces(cfg)
    values_rows = cfg.players.value == "rows"
    if not is_first:
        valuing.look(pieces, values_rows=values_rows, stages=stages)
        console.say("kernels done; process 0 has them and goes on alone")
        return {}
    run = valuing.value(
        pieces,
        values_rows=values_rows,
        folder=folder,
        is_resumed=cfg.value.resume is not None,
        stages=stages,
    )
    content = valuing.result(run, compose.plain(cfg))
    valuing.show(run, level=cfg.value.level, num_worst=cfg.value.worst)
    valuing.save(run, content, folder, level=cfg.value.level, num_worst=cfg.value.worst)
    return content


if __name__ == "__main__":
    launch(main, "value")
