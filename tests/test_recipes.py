"""The recipes of CONTRIBUTING.md, followed in a copy of the checkout: few files, and they work."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_FILES = {"utility": 3, "semivalue": 4, "data source": 4, "baseline": 3, "study": 3}
COPIED = ("davinz_jax", "experiments", "conf", "tests", "pyproject.toml")
QUICK = {
    "experiments.comparison": (
        "data.num_rows=60", "training.min_epochs=1", "training.max_epochs=2",
        "baseline_training.epochs=1", "baselines.influence_cg=null",
        "baselines.influence_lissa=null", "baselines.validation_performance=null",
    ),
}  # fmt: skip
"""What the test adds to a recipe's command, by its module, so that it takes seconds."""


@dataclass(frozen=True)
class Recipe:
    """What a recipe has one write, and then run."""

    files: dict[str, str]
    command: list[str]


def read_recipes() -> dict[str, Recipe]:
    """Recipes by what they add."""
    _, *parts = re.split(r"^## An? ", (ROOT / "CONTRIBUTING.md").read_text(), flags=re.MULTILINE)
    return {part.splitlines()[0]: _read_recipe(part) for part in parts}


def _read_recipe(text: str) -> Recipe:
    files = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    (command,) = re.findall(r"^```sh\n(.*?)\n```", text, re.MULTILINE | re.DOTALL)
    return Recipe(files, command.split())


RECIPES = read_recipes()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the checkout in which all recipes were followed."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        source = ROOT / name
        copier = shutil.copytree if source.is_dir() else shutil.copy
        copier(source, copy / name)
    for recipe in RECIPES.values():
        for name, text in recipe.files.items():
            write(copy / name, text)
    return copy


def write(path: Path, text: str) -> None:
    """A new file; one that is there gets the lines, below the first one of them."""
    if path.exists():
        below = text.splitlines(keepends=True)[0]
        assert path.read_text().count(below) == 1, f"{path.name}: no single line {below!r}"
        text = path.read_text().replace(below, text)
    path.write_text(text)


def run(checkout: Path, *arguments: str) -> str:
    """Run Python in the copy; gives what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=checkout, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(checkout)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_recipes_are_there_and_short():
    assert set(RECIPES) == set(MOST_FILES)
    for name, recipe in RECIPES.items():
        assert 0 < len(recipe.files) <= MOST_FILES[name], name
        assert sum(file.startswith("tests/") for file in recipe.files) == 1


def test_their_tests_pass(checkout):
    tests = [name for recipe in RECIPES.values() for name in recipe.files if "tests/" in name]
    run(checkout, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests)


LONG = ("study", "baseline", "semivalue", "data source")
"""Recipes whose commands take longest; their own tests always run."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in RECIPES]
)
def test_their_command_runs(checkout, tmp_path, name):
    python, *arguments = RECIPES[name].command
    assert python == "python"
    more = (*QUICK.get(arguments[1], ()), f"hydra.run.dir={tmp_path / 'run'}")
    run(checkout, *arguments, *more)
    assert (tmp_path / "run" / "result.json").is_file()


def test_they_are_as_tidy_as_the_rest(checkout):
    files = [name for recipe in RECIPES.values() for name in recipe.files if name.endswith(".py")]
    run(checkout, "-m", "ruff", "check", *files)
    run(checkout, "-m", "ruff", "format", "--check", *files)


def test_the_new_baseline_is_among_the_methods(checkout, tmp_path):
    shown = run(checkout, "-m", "experiments.comparison", "--cfg", "job")
    assert "davinz_jax.baselines.spread.input_spread" in shown
