"""Fixtures and switches shared by all tests."""

import itertools
import os
import shutil
from pathlib import Path

import jax
import pytest

jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_addoption(parser):
    parser.addoption("--run-slow", action="store_true", help="also run full-size checks")
    parser.addoption("--run-gpu", action="store_true", help="also run checks on an accelerator")


def pytest_collection_modifyitems(config, items):
    for marker in ("slow", "gpu"):
        if not config.getoption(f"--run-{marker}"):
            skip = pytest.mark.skip(reason=f"needs --run-{marker}")
            for item in items:
                if marker in item.keywords:
                    item.add_marker(skip)


@pytest.fixture
def key():
    """A typed random key."""
    return jax.random.key(0)


class Elsewhere:
    """An executor as of a cluster, whose two workers are here: the last task comes first."""

    is_remote = True
    num_places = num_sharing = 2

    def map(self, work, tasks, held=()):
        """Results of four tasks at a time, backwards."""
        coming = enumerate(tasks)
        while few := list(itertools.islice(coming, 4)):
            for number, task in reversed(few):
                yield number, work(task, *held)


@pytest.fixture
def elsewhere():
    """An executor whose tasks are sent and whose results come in another order."""
    return Elsewhere()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder that holds MNIST, CIFAR-10 and BSDS500; skips where there is none."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    root = Path(os.environ.get("DAVINZ_DATA", beside))
    if not (root / "MNIST").is_dir():
        pytest.skip(f"no real data: set DAVINZ_DATA to a folder with MNIST (looked in {root})")
    return root


@pytest.fixture(scope="session")
def golden() -> Path:
    """Folder of reference numbers in float64; skips where there is none."""
    folder = Path(__file__).parents[2] / "shared" / "golden"
    if not (folder / "golden.json").is_file():
        pytest.skip(f"no reference numbers: wanted {folder.name}/golden.json beside the checkout")
    return folder


@pytest.fixture(scope="session")
def minilm() -> Path:
    """Folder of MiniLM's weights; skips where there is none."""
    folder = Path(__file__).parents[2] / "shared" / "models" / "minilm"
    if not (folder / "model.safetensors").is_file():
        pytest.skip("no pretrained weights: wanted shared/models/minilm beside the checkout")
    return folder


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
