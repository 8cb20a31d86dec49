"""Tests mirror the tree: every module with logic, every command and every study has its own."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "davinz_jax"
EXPERIMENTS = ROOT / "experiments"


def has_logic(path: Path) -> bool:
    """Whether some function of a module does more than state its signature."""
    functions = (
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
    )
    return any(not is_signature(function.body) for function in functions)


def is_signature(body: list[ast.stmt]) -> bool:
    """Whether a body holds nothing but its docstring and an ellipsis."""
    return all(isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) for line in body)


def mirrored(path: Path, source: Path, tests: Path) -> Path:
    """Where a module's test belongs; a room's `__init__` is tested with its modules."""
    place = path.relative_to(source)
    return tests / place.parent / f"test_{place.name}"


MODULES = sorted(
    path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py" and has_logic(path)
)
COMMANDS = sorted(path for path in EXPERIMENTS.glob("*.py") if not path.name.startswith("_"))
STUDIES = sorted(
    path for path in (EXPERIMENTS / "studies").iterdir() if not path.name.startswith("_")
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_has_a_test(path):
    assert mirrored(path, LIBRARY, ROOT / "tests").is_file()


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_command_has_a_test(path):
    assert mirrored(path, EXPERIMENTS, ROOT / "tests" / "experiments").is_file()


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_study_has_a_test(path):
    tests = ROOT / "tests" / "experiments" / "studies"
    found = [tests / f"test_{path.stem}.py", *(tests / path.stem).glob("test_*.py")]
    assert any(file.is_file() for file in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f():\n    'Text.'\n    ...\n", False),
        ("def f():\n    return 1\n", True),
        ("A = 1", False),
    ],
)
def test_logic_is_told_from_signatures(tmp_path, text, expected):
    (tmp_path / "module.py").write_text(text)
    assert has_logic(tmp_path / "module.py") == expected
