"""May I believe values on my data? `python -m experiments.trust --help`.

Draws sets of equal size from the user's rows, trains networks on them within a budget of time, and
says whether the utility that `value` would use orders the sets as the networks do.
"""

import time
from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch, named_options, output_folder


def main(cfg: DictConfig) -> dict[str, Any]:
    """Draw, score, train, compare; returns what result.json holds."""
    began = time.monotonic()  # what is imported now takes some of the time
    from experiments.studies.trust.run import run

    return run(cfg, output_folder(), named_options(), began=began)


if __name__ == "__main__":
    launch(main, "trust")
