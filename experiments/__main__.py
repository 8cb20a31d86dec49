"""Every command by its name: `python -m experiments COMMAND …`, installed `davinz COMMAND …`."""

import sys

from experiments.runtime.commands import run

if __name__ == "__main__":
    run(sys.argv[1:])
