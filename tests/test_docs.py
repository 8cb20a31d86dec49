"""Documentation: every page is in the navigation, docstrings can be read, and the whole builds."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import davinz_jax

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CONF = runpy.run_path(str(DOCS / "conf.py"))
PAGES = sorted(DOCS.rglob("*.md"))


def reached(page: Path) -> set[Path]:
    """Pages that a page's navigation names, and those that they name in turn."""
    found: set[Path] = set()
    for block in re.findall(r"```{toctree}\n(.*?)```", page.read_text(), re.DOTALL):
        entries = [line for line in block.split() if not line.startswith(":")]
        for entry in entries:
            found |= set(page.parent.glob(f"{entry}.md"))
    return found | {deeper for each in found - {page} for deeper in reached(each)}


def test_every_page_is_in_the_navigation():
    assert set(PAGES) == reached(DOCS / "index.md") | {DOCS / "index.md"}


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem
)
def test_links_lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_room_has_a_page_or_is_at_the_front_door():
    named = "".join(page.read_text() for page in (DOCS / "reference").glob("*.md"))
    front = {
        str(getattr(getattr(davinz_jax, name), "__module__", "")) for name in davinz_jax.__all__
    }
    for path in (ROOT / "davinz_jax").glob("*/__init__.py"):
        room = f"davinz_jax.{path.parent.name}"
        is_shown = any(module.startswith(f"{room}.") for module in front)
        assert is_shown or f"automodule:: {room}\n" in named, room


@pytest.mark.parametrize(
    ("line", "escaped"),
    [
        ("of `|S|` and |S|", r"of `|S|` and \|S\|"),
        ("(*batch, w)", r"(\*batch, w)"),
        ("its values_, not num_rows", r"its values\_, not num_rows"),
        ("    >>> 2 * 3", "    >>> 2 * 3"),
    ],
)
def test_prose_of_docstrings_is_no_markup(line, escaped):
    assert CONF["escape_prose"](line) == escaped


@pytest.mark.slow
def test_it_builds_without_a_warning_or_a_foreign_address(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs",
         str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pages = [path.read_text() for path in tmp_path.rglob("*.html")]
    loaded = [
        address
        for page in pages
        for address in re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]+)"', page)
    ]
    assert len(pages) > 20
    assert not loaded
