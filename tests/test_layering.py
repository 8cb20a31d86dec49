"""Imports point down: a module knows only the floors below its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {
    "types": 0,
    "versions": 0,
    "choices": 0,
    "equations": 0,
    "linalg": 0,
    "data": 1,
    "models": 1,
    "mmd": 1,
    "ntk": 2,
    "kernels": 2,
    "training": 2,
    "utility": 3,
    "semivalues": 4,
    "baselines": 5,
    "evaluation": 5,
}
TOP_ONLY = {"hydra", "omegaconf", "matplotlib", "rich", "experiments"}
MODULES = sorted((ROOT / "davinz_jax").rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Absolute names that a file imports anywhere in it, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path: Path) -> str:
    """Part of the package that a file belongs to: its folder or own name below davinz_jax."""
    return path.relative_to(ROOT / "davinz_jax").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    for name in imports(path):
        head, *rest = name.split(".")
        assert head not in TOP_ONLY, f"{path.name} imports {name}, which only experiments/ may"
        if head != "davinz_jax" or room(path) == "__init__":
            continue
        assert rest, f"{path.name} imports the front door"
        own, other = room(path), rest[0]
        assert other in FLOORS, f"{path.name} imports {name}, which no floor names"
        lower = FLOORS[other] < FLOORS[own] or other == own
        assert lower, f"{path.name} (floor {FLOORS[own]}) imports {name} (floor {FLOORS[other]})"


def test_every_module_has_a_floor():
    assert {room(path) for path in MODULES} - {"__init__"} <= set(FLOORS)


def test_the_check_sees_an_upward_import(tmp_path):
    file = tmp_path / "linalg.py"
    file.write_text("def f():\n    from davinz_jax.utility import DavinzUtility\n")
    assert list(imports(file)) == ["davinz_jax.utility.DavinzUtility"]
