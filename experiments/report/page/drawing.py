"""Figures and images in a form that a page can carry, and whose ink follows its colours."""

import base64
import io
import re

import matplotlib
import numpy as np
from jaxtyping import Num
from matplotlib.figure import Figure

from davinz_jax.plots import INK
from experiments.report.plots import plt

_GRID = "#dddddd"
_INKS = (INK, "#000000", "#262626", "black")


def svg(figure: Figure, name: str) -> str:
    """A figure as SVG, closed; black and grey take the page's own ink, so that it can be dark.

    Args:
        figure: of matplotlib.
        name: of the drawing within its page; keeps its marks apart from those of others.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    plt.close(figure)
    return _inked(_numbered(_bare(buffer.getvalue()), name))


def image_uri(image: Num[np.ndarray, "h w c"], *, least_side: int = 96) -> str:
    """An image as the `data:` address of a PNG, its numbers stretched to the whole range.

    Args:
        image: one or three channels are drawn, of others the first.
        least_side: smaller images are enlarged by a whole factor up to about this (pixels).
    """
    from PIL import Image

    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / (high - low if high > low else 1.0)
    drawn = np.uint8(255 * scaled if image.shape[-1] == 3 else 255 * scaled[..., 0])
    factor = max(1, round(least_side / max(image.shape[:2])))
    drawn = drawn.repeat(factor, axis=0).repeat(factor, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _bare(text: str) -> str:
    """The drawing without the head of a file of its own, hidden from those who hear the page."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    hidden = '<svg aria-hidden="true" focusable="false" fill="currentColor" '
    return text.replace("<svg ", hidden, 1)


def _numbered(text: str, name: str) -> str:
    """Marks named after the drawing, for two drawings of a page may call theirs alike."""
    for mark in sorted(set(re.findall(r'\bid="([^"]+)"', text)), key=len, reverse=True):
        text = text.replace(f'id="{mark}"', f'id="{name}-{mark}"')
        text = text.replace(f'"#{mark}"', f'"#{name}-{mark}"').replace(
            f"url(#{mark})", f"url(#{name}-{mark})"
        )
    return text


def _inked(text: str) -> str:
    for ink in _INKS:
        text = re.sub(rf"\b(fill|stroke): {ink}\b", r"\1: currentColor", text)
    return text.replace(f"stroke: {_GRID}", "stroke: var(--line)")
