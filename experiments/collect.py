"""What did a sweep give? One table and one figure: `python -m experiments.collect --help`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.runtime.app import BAD_INPUT, exit_with
from experiments.runtime.program import command_words


def main(arguments: Sequence[str]) -> dict[str, int]:
    """Collect the jobs of a sweep's folder; leaves collected.csv and collected.png in it."""
    parser = argparse.ArgumentParser(prog=" ".join(command_words("collect")), description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of a sweep, e.g. multirun/NAME/TIME")
    parser.add_argument("--level", type=float, default=0.95, help="coverage of the intervals")
    parser.add_argument("--only", default="", help="show numbers whose name holds this text")
    given = parser.parse_args(arguments)
    from experiments.studies import collect

    return collect.run(given.folder, level=given.level, only=given.only)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BAD_INPUT as error:
        exit_with(error, "collect")
