"""What does each of the authors' choices change? `python -m experiments.protocol --help`."""

from typing import Any

from omegaconf import DictConfig

from experiments.runtime.app import launch


def main(cfg: DictConfig) -> dict[str, Any]:
    """Run an experiment by our protocol and with each choice; returns what result.json holds."""
    from experiments.runtime.app import output_folder
    from experiments.studies import protocol

    return protocol.run(cfg, output_folder())


if __name__ == "__main__":
    launch(main, "protocol")
