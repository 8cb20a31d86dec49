"""Figures and images as a page carries them."""

import base64
import io

import numpy as np
from PIL import Image

from davinz_jax.plots import INK, PALETTE
from experiments.report.page.drawing import image_uri, svg
from experiments.report.plots import plt


def draw():
    figure, axes = plt.subplots(figsize=(2, 2))
    axes.plot([0, 1], [0, 1], color=PALETTE[0])
    axes.axhline(0.5, color=INK)
    axes.set_title("<b>&amp;")
    return figure


def test_ink_follows_the_page_and_colours_stay():
    text = svg(draw(), "first")
    assert text.startswith("<svg aria-hidden")
    assert "currentColor" in text
    assert PALETTE[0].lower() in text
    assert INK not in text
    assert "<b>" not in text


def test_marks_of_two_drawings_differ():
    first, second = svg(draw(), "first"), svg(draw(), "second")
    assert 'id="first-' in first
    assert 'id="' not in first.replace('id="first-', "")
    assert "first-" not in second


def test_a_figure_can_still_be_saved_as_before():
    figure = draw()
    svg(figure, "first")
    assert figure.patch.get_alpha() is None


def test_image_is_stretched_and_enlarged():
    image = np.linspace(-3, 5, 16).reshape(4, 4, 1)
    head, data = image_uri(image, least_side=8).split(",")
    assert head == "data:image/png;base64"
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert drawn.shape == (8, 8)
    assert (drawn.min(), drawn.max()) == (0, 255)
    np.testing.assert_array_equal(drawn[::2, ::2], np.uint8(255 * (image[..., 0] + 3) / 8))


def test_constant_image_in_colours():
    drawn = Image.open(io.BytesIO(base64.b64decode(image_uri(np.ones((2, 2, 3))).split(",")[1])))
    assert drawn.mode == "RGB"
