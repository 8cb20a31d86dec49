"""A page is whole, safe against what users name, sortable, readable on a phone and by ear."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from experiments.report.page.document import (
    Bar,
    Cell,
    Column,
    Document,
    Part,
    Picture,
    Section,
    Table,
)
from experiments.report.page.render import Scale, page_writer, render

HOSTILE = '<script>alert("x")</script>"\'&{{ 7 * 7 }}[/bold]=1+1'
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA"
    "60e6kgAAAABJRU5ErkJggg=="
)
COLUMNS = [Column("party", False), Column("value"), Column("interval", False, HOSTILE)]


def row(name, value):
    parts = [Part("fit", value + 0.5), Part("distance", -0.5)]
    return [Cell(name), Cell(f"{value:+.2f}", value),
            Cell("", value, Bar(value, value - 0.1, value + 0.1, parts))]  # fmt: skip


TABLE = Table("Value of each party", COLUMNS, [row("b", 0.9), row(HOSTILE, 0.1), row("a", -0.2)])


@pytest.fixture(scope="module")
def text():
    sections = [
        Section("Values", texts=[HOSTILE], points=[(HOSTILE, HOSTILE)], tables=[TABLE]),
        Section("Rows", pictures=[Picture(HOSTILE, uri=PIXEL, caption=f"line 2\n{HOSTILE}")] * 2),
        Section("Texts", quotes=[(HOSTILE, HOSTILE)], commands=[f"python {HOSTILE}"]),
        Section("Settings", tables=[replace(TABLE, caption="Settings")], is_folded=True),
    ]
    return render(Document(HOSTILE, [f"{HOSTILE} is worth most"], sections, HOSTILE))


class Elements(HTMLParser):
    """Counts the elements of a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def elements(text):
    parser = Elements()
    parser.feed(text)
    return parser.found


def test_foreign_text_makes_no_element_and_no_expression(text):
    scripts = [tag for tag, _ in elements(text) if tag == "script"]
    assert len(scripts) == 1
    assert "alert(" in text
    assert "{{ 7 * 7 }}" in text
    assert "[/bold]" in text
    assert not re.search(r"<script>alert", text)


def test_page_refers_to_nothing_outside(text):
    addresses = [value for _, found in elements(text) for name, value in found.items()
                 if name in ("src", "href") and value]  # fmt: skip
    assert addresses
    assert all(address.startswith("data:") for address in addresses)
    assert "default-src 'none'" in text


def test_parts_of_a_bar_add_up_from_zero():
    scale = Scale.of(TABLE)
    assert scale.names == ("fit", "distance")
    (first, begin, length), (second, left, width) = scale.pieces(TABLE.rows[0][2].bar)
    assert (first, second) == (0, 1)
    assert begin == pytest.approx(scale.place(0))
    assert begin + length == pytest.approx(scale.place(1.4))
    assert left == pytest.approx(scale.place(-0.5))
    assert left + width == pytest.approx(scale.place(0))


def test_writer_writes_what_is_rendered(tmp_path):
    document = Document("t", ["an answer"])
    page_writer(document)(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render(document)


def names(page):
    return page.locator("section table tbody th").all_inner_texts()


def test_sorting_by_name_and_by_number(text, open_page):
    page = open_page(text)
    assert names(page) == ["b", HOSTILE, "a"]
    value, party = (page.locator("section thead button", has_text=t) for t in ("value", "party"))
    value.click()
    assert names(page) == ["b", HOSTILE, "a"]
    value.click()
    assert names(page) == ["a", HOSTILE, "b"]
    party.click()
    assert names(page) == ["b", "a", HOSTILE]
    assert page.locator("section th[aria-sort]").count() == 1


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_reads_at_any_width_and_passes_the_rules_of_accessibility(
    text, open_page, width, scheme, tmp_path
):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe (dev)")
    page = open_page(text, width=width, scheme=scheme)
    page.locator("summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=tmp_path / f"report-{width}.png", full_page=True)
    found = axe.Axe().run(page).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


def test_printing_opens_what_is_folded(text, open_page):
    page = open_page(text)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details[open]").count() == 1
