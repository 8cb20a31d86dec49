"""Every source that a docstring cites by key stands in references.bib, once."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENTRIES = re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text(), re.MULTILINE)


def test_cited_keys_are_in_the_bibliography():
    sources = "".join(path.read_text() for path in (ROOT / "davinz_jax").rglob("*.py"))
    cited = set(re.findall(r"\(`([a-z]+\d{4}[a-z]*)`", sources))
    assert cited, "no citation found: has the form changed?"
    assert cited <= set(ENTRIES)


def test_no_entry_stands_twice():
    assert len(ENTRIES) == len(set(ENTRIES))
