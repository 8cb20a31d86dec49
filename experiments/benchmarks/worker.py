"""One job in a process of its own: `python -m experiments.benchmarks.worker MODULE:JOB SETTINGS`.

For `memory.peak_of`; prints one line that it reads.
"""

import importlib
import json
import sys

from experiments.benchmarks.memory import answer_line, with_peak


def main(name: str, settings: str) -> None:
    """Run the job of that name and print what it measured."""
    module, function = name.split(":")
    job = getattr(importlib.import_module(module), function)
    sys.stdout.write(answer_line(with_peak(job, json.loads(settings))) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
