"""How the documentation is built: `make docs`, warnings as errors, no network needed to read it."""

import re
from typing import Any

from davinz_jax.versions import __version__

project = "davinz_jax"
author = "The davinz_jax contributors"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
suppress_warnings = ["misc.highlighting_failure"]  # blocks that tests read: floors, chain

myst_heading_anchors = 3

default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"davinz_jax {release}"
html_show_sphinx = False
html_copy_source = False


def escape_prose(line: str) -> str:
    r"""Prose of a docstring as reStructuredText has it: marks that are none of its markup.

    Docstrings here mark code by single backticks and nothing else: `|S|`, (*batch, w) and values_
    are meant as they stand, in code or out of it. Examples are left alone.

    >>> escape_prose("sizes |S| of `*batch`, in values_")
    'sizes \\|S\\| of `*batch`, in values\\_'
    """
    if line.lstrip().startswith((">>>", "...")):
        return line
    parts = re.split(r"(`[^`]*`)", line)
    prose = (re.sub(r"([*|]|(?<=\w)_(?!\w))", r"\\\1", part) for part in parts[::2])
    return "".join(text for pair in zip(prose, [*parts[1::2], ""], strict=True) for text in pair)


def escape_docstring(*event: Any) -> None:
    """Escape the lines of a docstring, before its sections are read."""
    lines = event[-1]
    lines[:] = map(escape_prose, lines)


def link_to_contributing(*event: Any) -> None:
    """Pages link to CONTRIBUTING.md for readers of the checkout; here it is a page too."""
    source = event[-1]
    source[0] = source[0].replace("](../CONTRIBUTING.md)", "](contributing.md)")


def skip_generated(*event: Any) -> bool | None:
    """Leave out methods that scikit-learn adds to an estimator; None leaves others to Sphinx."""
    name = event[2]
    return True if re.fullmatch(r"set_\w+_request", name) else None


def setup(app: Any) -> None:
    """What Sphinx calls."""
    app.connect("autodoc-skip-member", skip_generated)
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)
    app.connect("source-read", link_to_contributing)
