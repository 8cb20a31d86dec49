"""Every source that a docstring cites by key stands in references.bib, once."""

import re
from pathlib import Path

import yaml

from davinz_jax import __version__

ROOT = Path(__file__).parents[1]
ENTRIES = re.findall(r"^@\w+\{(\w+),", (ROOT / "references.bib").read_text(), re.MULTILINE)


def test_cited_keys_are_in_the_bibliography():
    sources = "".join(path.read_text() for path in (ROOT / "davinz_jax").rglob("*.py"))
    cited = set(re.findall(r"\(`([a-z]+\d{4}[a-z]*)`", sources))
    assert cited, "no citation found: has the form changed?"
    assert cited <= set(ENTRIES)


def test_no_entry_stands_twice():
    assert len(ENTRIES) == len(set(ENTRIES))


def test_what_is_to_be_cited_agrees_with_the_bibliography():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["version"] == __version__
    (paper,) = cited["references"]
    entry = re.split(r"^@", (ROOT / "references.bib").read_text(), flags=re.MULTILINE)[1]
    assert entry.startswith("inproceedings{wu2022davinz,")
    plain = entry.replace("{", "").replace("}", "")
    pages = f"{paper['start']}--{paper['end']}"
    for part in (paper["title"], paper["collection-title"], pages, paper["url"],
                 *(author["family-names"] for author in paper["authors"])):  # fmt: skip
        assert part in plain
