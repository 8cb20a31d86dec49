"""Every notebook runs from its first cell to its last, at smoke size."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))


LONG = ("3_figures_of_the_paper", "4_extending")
"""Those that train networks or run studies."""


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in LONG else [])
        for p in NOTEBOOKS
    ],
)
def test_runs(path):
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    env = {key: value for key, value in os.environ.items() if key != "DAVINZ_RESULTS"}
    done = subprocess.run(
        [sys.executable, str(path)], cwd=ROOT, env=env | {"PYTHONPATH": paths},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_defines_next_to_nothing(path):
    """Notebooks tell a story; what is longer than five lines belongs in a module."""
    tree = ast.parse(path.read_text())
    longest = [
        node.end_lineno - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None
    ]
    assert max(longest, default=0) <= 5


def test_new_utility_and_experiment_fit_in_forty_lines():
    """The files that the notebook on extending writes, blank lines left out."""
    tree = ast.parse((ROOT / "notebooks" / "4_extending.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    texts = [
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "write_text"
        and isinstance(call.args[0], ast.Constant)
    ]  # fmt: skip
    lines = [line for text in texts for line in str(text).splitlines() if line.strip()]
    assert len(texts) == 4
    assert len(lines) < 40
