"""What README says is where it says it is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SYMBOLS = (ROOT / "README.md").read_text().split("## Symbols")[1].split("\n## ")[0]
PLACES = re.findall(r"`([\w/]+\.py):([\w.]+)`", SYMBOLS)


def names(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Functions, classes, fields and constants that a module or class defines."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


@pytest.mark.parametrize(("file", "name"), PLACES, ids=lambda part: part)
def test_symbol_is_where_the_table_says(file, name):
    body = ast.parse((ROOT / "davinz_jax" / file).read_text()).body
    for part in name.split("."):
        defined = names(body)
        assert part in defined, f"{file} has no {name}; mend README's table of symbols"
        body = getattr(defined[part], "body", [])


def test_every_symbol_has_a_place_and_every_equation_a_symbol():
    rows = [line for line in SYMBOLS.splitlines() if line.startswith("| ")][1:]
    assert all(re.search(r"`[\w/]+\.py:\w+", row) for row in rows)
    equations = ast.parse((ROOT / "davinz_jax" / "equations.py").read_text()).body
    functions = {node.name for node in equations if isinstance(node, ast.FunctionDef)}
    shown = {name for file, name in PLACES if file == "equations.py"}
    assert shown == {name for name in functions if not name.startswith("_")}
