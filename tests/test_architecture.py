"""The map of the house says what is there: floors, rooms, and the way to the gradient."""

import re
import runpy
import sys
import traceback
from pathlib import Path

import jax
import pytest

from davinz_jax.ntk import LayerwiseEngine

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
LAYERING = runpy.run_path(str(ROOT / "tests" / "test_layering.py"))
MOST_FRAMES, MOST_FILES = 15, 8


def block(name: str) -> list[str]:
    """Lines of a fenced block of the page."""
    found = re.search(rf"```{name}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, f"no block {name}"
    return found[1].splitlines()


def floors() -> dict[str, dict[str, int]]:
    """Tree -> room -> floor, as drawn."""
    drawn: dict[str, dict[str, int]] = {}
    tree, floor = "", 0
    for line in block("floors"):
        if line.startswith("─"):
            continue
        words = line.split()
        if words[0].endswith("/"):
            tree = words.pop(0).rstrip("/")
        if words[0].isdigit():
            floor = int(words.pop(0))
        drawn.setdefault(tree, {}).update(dict.fromkeys(words, floor))
    return drawn


def test_floors_are_those_that_the_imports_keep():
    drawn = floors()
    assert drawn["davinz_jax"] == LAYERING["LIBRARY"]
    assert drawn["experiments"] == LAYERING["EXPERIMENTS"] | {"commands": LAYERING["COMMANDS"]}


@pytest.mark.parametrize("tree", ["davinz_jax", "experiments"])
def test_every_room_is_described(tree):
    rooms = {path.parent for path in (ROOT / tree).rglob("__init__.py")} - {ROOT / tree}
    for room in rooms:
        name = room.relative_to(ROOT / tree)
        assert f"`{name}`" in PAGE or f"`{name.name}`" in PAGE, name


class Reached(Exception):
    """The gradient was asked for."""


def own_frames(error: BaseException) -> list[tuple[str, str]]:
    """File and function of each frame of ours, from the first to where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    trees = (str(ROOT / "experiments"), str(ROOT / "davinz_jax"))
    return [
        (str(Path(frame.filename).relative_to(ROOT)), frame.name)
        for frame in frames
        if frame.filename.startswith(trees)
    ]


def test_the_way_to_the_gradient(monkeypatch, tmp_path):
    def stop(*_, **__):
        raise Reached

    jax.clear_caches()  # what was compiled before would not be traced again
    monkeypatch.setattr(LayerwiseEngine, "verify", lambda *_, **__: None)  # a way of its own
    monkeypatch.setattr(jax, "vjp", stop)
    arguments = ["data=digits", "data.num_rows=40", "data.num_validation_rows=20",
                 "utility=davinz"]  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["value", *arguments, f"hydra.run.dir={tmp_path / 'run'}"])
    monkeypatch.delitem(sys.modules, "experiments.value", raising=False)
    with pytest.raises(Reached) as reached:
        runpy.run_module("experiments.value", run_name="__main__")
    found = own_frames(reached.value)
    assert found == [tuple(line.split()) for line in block("chain")]
    assert len(found) <= MOST_FRAMES
    assert len({file for file, _ in found}) <= MOST_FILES
