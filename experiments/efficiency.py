"""How long does each method take? `python -m experiments.efficiency --help`.

Every method end to end, as rows and networks grow.
"""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Time every method by every network on growing data; returns what result.json holds."""
    from experiments.studies import base as study
    from experiments.studies import efficiency

    return study.run(cfg, efficiency.run)


if __name__ == "__main__":
    launch(main, "efficiency")
