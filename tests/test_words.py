"""Retired words stay out of names and options; prose is free."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RETIRED = frozenset((ROOT / "tests" / "retired_words.txt").read_text().split())
FOLDERS = ("davinz_jax", "experiments", "conf", "tests", "notebooks")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
CHOICES = sorted((ROOT / "conf").rglob("*.yaml"))


def names(tree: ast.AST) -> Iterator[str]:
    """Every identifier of a module: definitions, uses, arguments, attributes, imports."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield from name.split(".")


def options(text: str) -> Iterator[str]:
    """Every key of a YAML file, and every part of its dotted targets."""
    for line in text.splitlines():
        code = line.split("#")[0]
        yield from re.findall(r"([A-Za-z_]\w*)\s*:", code)
        yield from re.findall(r"\.([A-Za-z_]\w*)", code)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_not_retired(path):
    found = RETIRED & set(names(ast.parse(path.read_text())))
    assert not found, f"{path.relative_to(ROOT)} names {sorted(found)}"


@pytest.mark.parametrize("path", CHOICES, ids=lambda path: str(path.relative_to(ROOT)))
def test_options_are_not_retired(path):
    found = RETIRED & set(options(path.read_text()))
    assert not found, f"{path.relative_to(ROOT)} names {sorted(found)}"


@pytest.mark.parametrize(
    "text",
    [
        "counted = 1",
        "f(with_target=True)",
        "def f(at_once): ...",
        "class Look: ...",
        "a.target_path",
    ],
)
def test_a_retired_name_is_seen(text):
    assert RETIRED & set(names(ast.parse(text)))


@pytest.mark.parametrize("text", ["num_target_rows: 3", "_target_: davinz_jax.ntk.counted"])
def test_a_retired_option_is_seen(text):
    assert RETIRED & set(options(text))


def test_prose_is_free():
    assert not RETIRED & set(names(ast.parse('"""Rows are counted; Look at the Finding."""')))
