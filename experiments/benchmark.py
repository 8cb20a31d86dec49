"""What does each step cost? `python -m experiments.benchmark --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Measure what is asked for; writes benchmark.json after each measurement, then figures."""
    import os

    # Peaks of memory are read in other processes, which need room on the accelerator.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    from experiments.benchmarks.run import run

    return run(cfg)


if __name__ == "__main__":
    launch(main, "benchmark")
