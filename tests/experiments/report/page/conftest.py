"""Pages opened in a browser, where there is one."""

import shutil

import pytest


@pytest.fixture(scope="session")
def browser():
    """Chromium without a window; skipped where it is not installed."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright (dev)")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Open HTML at a width, light or dark; fails on any message of the console."""
    contexts, messages = [], []

    def show(text, *, width=1200, scheme="light"):
        path = tmp_path / f"page-{width}-{scheme}.html"
        path.write_text(text, encoding="utf-8")
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(("file:", "data:"))
                else messages.append(request.url))  # fmt: skip
        page.goto(path.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert messages == []
