"""The command `davinz`: makes the commands importable, wherever they lie, and hands over to them.

In a checkout they are the package `experiments` beside this one. A wheel carries that package and
conf/ in a folder of ours that is no package itself: on the path it offers both under the very names
they have in a checkout, so that configurations, saved runs and jobs of sweeps mean the same in
either, and site-packages holds no name but ours.
"""

import os
import runpy
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CARRIED = PACKAGE / "_commands"
"""Where a wheel has `experiments` and `conf`."""


def main() -> None:
    """Run `davinz COMMAND …`: what the command line names, in this process."""
    extend_path(commands_folder())
    runpy.run_module("experiments", run_name="__main__", alter_sys=True)


def commands_folder() -> Path:
    """The folder that holds `experiments` and `conf`."""
    return CARRIED if CARRIED.is_dir() else PACKAGE.parent


def extend_path(folder: Path) -> None:
    """Find the commands first, here and in processes that this one starts; what lies here last.

    The current folder is searched too, as `python -m` does, for functions that a configuration
    names; after all else, so that no file in it hides a package.
    """
    sys.path[:] = [str(folder), *sys.path, os.getcwd()]
    inherited = os.environ.get("PYTHONPATH")
    paths = [str(folder), *filter(None, [inherited]), os.getcwd()]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
