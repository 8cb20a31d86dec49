"""What the page of symbols says is where it says it is; README leads to paper and notebooks."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
SYMBOLS = (ROOT / "docs" / "symbols.md").read_text().split("## Symbols")[1].split("\n## ")[0]
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
        assert part in defined, f"{file} has no {name}; mend the table of docs/symbols.md"
        body = getattr(defined[part], "body", [])


def test_every_symbol_has_a_place_and_every_equation_a_symbol():
    rows = [line for line in SYMBOLS.splitlines() if line.startswith("| ")][1:]
    assert all(re.search(r"`[\w/]+\.py:\w+", row) for row in rows)
    equations = ast.parse((ROOT / "davinz_jax" / "equations.py").read_text()).body
    functions = {node.name for node in equations if isinstance(node, ast.FunctionDef)}
    shown = {name for file, name in PLACES if file == "equations.py"}
    assert shown == {name for name in functions if not name.startswith("_")}


def test_readme_leads_to_the_paper_the_notebooks_and_the_pages():
    assert "https://proceedings.mlr.press/v162/wu22j.html" in README
    for place in ("notebooks/1_quickstart.py", "docs/table_guide.md", "docs/research_guide.md"):
        assert f"({place})" in README


def test_what_one_needs_first_stands_first():
    """Three commands, before anything is explained."""
    first = README.split("```")[1].strip().splitlines()
    assert len(first) == 3
    assert first[0].startswith("make demo")
    assert README.index(first[0]) < 200
