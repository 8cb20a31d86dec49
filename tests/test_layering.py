"""Imports point down and never in a circle: a module knows only the floors below its own."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = {
    "types": 0,
    "versions": 0,
    "choices": 0,
    "extras": 0,
    "files": 0,
    "entry": 0,
    "equations": 0,
    "linalg": 0,
    "plots": 0,
    "executors": 1,
    "data": 1,
    "models": 1,
    "mmd": 1,
    "ntk": 2,
    "kernels": 2,
    "training": 2,
    "utility": 3,
    "semivalues": 4,
    "baselines": 5,
    "defaults": 5,
    "estimator": 6,
    "evaluation": 5,
    "detection": 5,
}
EXPERIMENTS = {"runtime": 0, "report": 1, "studies": 2, "benchmarks": 2}
COMMANDS = 3
"""Floor of the modules of experiments/ that lie in no room."""

TOP_ONLY = {"hydra", "omegaconf", "rich", "experiments"}
DRAWING = "davinz_jax.plots"
"""The only room of the library that imports matplotlib, and only when something is drawn."""

TREES = {"davinz_jax": LIBRARY, "experiments": EXPERIMENTS}
MODULES = sorted(path for tree in TREES for path in (ROOT / tree).rglob("*.py"))
OF_LIBRARY = [path for path in MODULES if path.is_relative_to(ROOT / "davinz_jax")]


def imports(path: Path) -> Iterator[str]:
    """Absolute names that a file imports anywhere in it, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_at_once(path: Path) -> Iterator[str]:
    """Those of `imports` that loading a file makes: in no function, and not for types alone."""
    nodes: list[ast.AST] = [ast.parse(path.read_text())]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = ast.unparse(node).partition("import ")[2].split(", ")
            yield from [node.module or ""] if isinstance(node, ast.ImportFrom) else names
        is_later = isinstance(node, ast.FunctionDef | ast.Lambda)
        is_later |= isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        nodes += [] if is_later else ast.iter_child_nodes(node)


def module_name(path: Path) -> str:
    """Dotted name of a file; that of its folder for an __init__."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def module_of(name: str, modules: Mapping[str, object]) -> str | None:
    """Module of ours that an imported name is, or is in."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or None


def floor(module: str) -> tuple[int, str]:
    """Floor and room of a module."""
    tree, *rest = module.split(".")
    if not rest:
        return max(TREES[tree].values()) + 1, "front door"
    room = rest[0]
    if tree == "experiments" and len(rest) == 1 and room not in EXPERIMENTS:
        return COMMANDS, room
    return TREES[tree][room], room


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_point_down(path):
    own = module_name(path)
    tree = own.partition(".")[0]
    for name in imports(path):
        other_tree = name.partition(".")[0]
        if tree == "davinz_jax":
            assert other_tree not in TOP_ONLY, f"{own} imports {name}, which only experiments/ may"
        if other_tree == tree and own != tree:
            (own_floor, own_room), (other_floor, other_room) = floor(own), floor(name)
            lower = other_floor < own_floor or other_room == own_room
            assert lower, f"{own} (floor {own_floor}) imports {name} (floor {other_floor})"


@pytest.mark.parametrize("path", OF_LIBRARY, ids=module_name)
def test_only_figures_import_matplotlib_and_only_when_drawn(path):
    own = module_name(path)
    assert own.startswith(DRAWING) or not any(map(is_drawing, imports(path))), own
    assert not any(map(is_drawing, imports_at_once(path))), f"{own}: import it in the function"


def is_drawing(name: str) -> bool:
    """Whether an imported name is matplotlib's."""
    return name.partition(".")[0] == "matplotlib"


def graph() -> dict[str, set[str]]:
    """Module -> modules of ours that it imports, at its top or inside a function."""
    modules = {module_name(path): path for path in MODULES}
    return {
        own: {found for name in imports(path) if (found := module_of(name, modules))} - {own}
        for own, path in modules.items()
    }


def circle(edges: Mapping[str, set[str]]) -> list[str]:
    """Modules that import each other in turn, the first one also last; none if there are none."""
    finished: set[str] = set()

    def visit(module: str, trail: list[str]) -> list[str]:
        if module in trail:
            return [*trail[trail.index(module) :], module]
        if module in finished:
            return []
        for other in sorted(edges[module]):
            if found := visit(other, [*trail, module]):
                return found
        finished.add(module)
        return []

    return next((found for module in edges if (found := visit(module, []))), [])


def test_no_circle_of_imports():
    assert circle(graph()) == []


def test_every_module_has_a_floor():
    assert all(floor(module_name(path)) for path in MODULES)


# -- the checks see what they should ---------------------------------------------------------------


def test_the_check_sees_an_upward_import(tmp_path):
    file = tmp_path / "linalg.py"
    file.write_text("def f():\n    from davinz_jax.utility import DavinzUtility\n")
    (name,) = imports(file)
    assert floor(name) > floor("davinz_jax.linalg.solvers")


def test_imports_inside_functions_and_for_types_come_later(tmp_path):
    file = tmp_path / "plots.py"
    file.write_text("import a\nif TYPE_CHECKING:\n    import b\ndef f():\n    from c import d\n")
    assert (list(imports_at_once(file)), list(imports(file))) == (["a"], ["a", "b", "c.d"])


def test_the_check_sees_a_circle():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_names_are_found_in_their_modules():
    edges = graph()
    assert "davinz_jax.linalg.solvers" in edges
    assert "experiments.runtime.app" in edges["experiments.value"]
    assert "experiments.studies.value" in edges["experiments.value"], "imported inside a function"
