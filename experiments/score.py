"""What is one more party worth? `python -m experiments.score --help`."""

from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Score a new party against a saved run; writes result.json."""
    from pathlib import Path

    from experiments.runtime import compose, console, outputs
    from experiments.runtime.console import Stages
    from experiments.studies import score as scoring

    stages = Stages()
    score = scoring.score(Path(cfg.run), Path(cfg.path), cfg.name, stages=stages)
    content = {**scoring.result(score), "seconds": stages.seconds} | {
        "config": compose.plain(cfg),
        "versions": outputs.versions(),
    }
    scoring.show(score)
    folder = Path(HydraConfig.get().runtime.output_dir)
    outputs.write_whole(folder, {outputs.RESULT: outputs.json_writer(content)})
    console.say(f"written to {folder}: {outputs.RESULT}")
    return content


if __name__ == "__main__":
    launch(main, "score")
