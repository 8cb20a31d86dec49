"""MNIST-M: blending by hand, photographs of any folder, and the real ones."""

import io
import tarfile

import jax
import numpy as np
import pytest
from PIL import Image

from davinz_jax.data import blend_with_photographs, load_mnist_domains, load_mnist_m
from davinz_jax.data.sources.mnist_m import load_photographs


def test_blend_is_the_difference_from_the_patch(key):
    """Of a photograph as large as the digit there is one patch, so nothing is left to chance."""
    photograph = np.array([[[0, 51, 255], [102, 0, 0]]], np.uint8)
    digits = np.array([[[[1, 1, 1], [0, 0, 0]]], [[[0.2] * 3, [0.4] * 3]]])
    blended = blend_with_photographs(digits, [photograph], key=key)
    expected = [[[[1, 0.8, 0], [0.4, 0, 0]]], [[[0.2, 0, 0.8], [0, 0.4, 0.4]]]]
    np.testing.assert_allclose(blended, expected, atol=1e-12)


def test_patches_are_whole_and_from_everywhere(key):
    """On black digits the blend is the patch itself: here a piece of a ramp in both directions."""
    ramp = (10 * np.arange(6)[:, None] + np.arange(7)[None, :]).astype(np.uint8)
    photograph = np.repeat(ramp[:, :, None], 3, axis=2)
    blended = blend_with_photographs(np.zeros((300, 4, 4, 3)), [photograph], key=key) * 255
    corners = np.round(blended[:, 0, 0, 0]).astype(int)
    assert set(corners) == {10 * top + left for top in range(3) for left in range(4)}
    np.testing.assert_allclose(blended[:, 3, 2, 1], corners + 32, atol=1e-9)


def test_every_photograph_is_used_and_draws_follow_the_key(key):
    photographs = [np.full((5, 5, 3), 50 * k, np.uint8) for k in range(4)]
    blended = blend_with_photographs(np.zeros((100, 5, 5, 3)), photographs, key=key)
    assert len(np.unique(blended)) == 4
    again = blend_with_photographs(np.zeros((100, 5, 5, 3)), photographs, key=key)
    np.testing.assert_array_equal(blended, again)
    other = blend_with_photographs(np.zeros((100, 5, 5, 3)), photographs, key=jax.random.key(9))
    assert not np.array_equal(blended, other)


def test_unfit_photographs_are_refused(key):
    digits = np.zeros((1, 28, 28, 3))
    with pytest.raises(ValueError, match="photographs: wanted at least one, got none"):
        blend_with_photographs(digits, [], key=key)
    with pytest.raises(ValueError, match="wanted at least 28×28 pixels, got 30×20 in number 1"):
        blend_with_photographs(
            digits, [np.zeros((40, 40, 3), np.uint8), np.zeros((30, 20, 3), np.uint8)], key=key
        )


def png(value):
    """Bytes of a one-colour photograph."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((30, 40, 3), value, np.uint8)).save(buffer, "png")
    return buffer.getvalue()


def test_any_folder_of_photographs_in_order(tmp_path):
    (tmp_path / "trip").mkdir()
    (tmp_path / "b.png").write_bytes(png(20))
    (tmp_path / "trip" / "c.PNG").write_bytes(png(30))
    (tmp_path / "a.txt").write_text("no photograph")
    photographs = load_photographs(tmp_path)
    assert [p[0, 0, 0] for p in photographs] == [20, 30]
    assert photographs[0].shape == (30, 40, 3)


def test_bsds500_archive_gives_its_training_photographs(tmp_path):
    with tarfile.open(tmp_path / "BSR_bsds500.tgz", "w:gz") as tar:
        for name, value in (("train/2.jpg", 200), ("train/1.jpg", 100), ("test/3.jpg", 50)):
            member = tarfile.TarInfo(f"BSR/BSDS500/data/images/{name}")
            member.size = len(png(value))
            tar.addfile(member, io.BytesIO(png(value)))
    assert [p[0, 0, 0] for p in load_photographs(root=tmp_path)] == [100, 200]


def test_bad_photographs_are_named(tmp_path):
    with pytest.raises(ValueError, match="photographs: wanted a folder with .jpg or .png files"):
        load_photographs(tmp_path)
    (tmp_path / "cut.png").write_bytes(png(20)[:60])
    with pytest.raises(ValueError, match="cut.png: wanted a whole image, got"):
        load_photographs(tmp_path)


def test_real_domains(real_data, key):
    arguments = {"root": real_data, "num_rows": 50, "num_validation_rows": 20, "key": key}
    grey, blended = load_mnist_domains(**arguments)
    assert (grey.name, blended.name) == ("mnist-rgb", "mnist-m")
    assert grey.inputs.shape == blended.inputs.shape == (50, 28, 28, 3)
    np.testing.assert_array_equal(grey.inputs[..., 0], grey.inputs[..., 2])
    np.testing.assert_array_equal(grey.targets, blended.targets)
    assert 0 <= blended.inputs.min() < blended.inputs.max() <= 1
    unrolled = load_mnist_m(**arguments, roll=0)
    np.testing.assert_array_equal(blended.inputs[:, 3:, 3:], unrolled.inputs[:, :-3, :-3])
    np.testing.assert_array_equal(blended.inputs[:, :3, :3], unrolled.inputs[:, -3:, -3:])
    first, second = load_mnist_domains(**arguments, roll=-3, disjoint=True)
    np.testing.assert_array_equal(first.inputs, grey.inputs[:25])
    np.testing.assert_array_equal(second.targets, blended.targets[25:])
    np.testing.assert_array_equal(second.inputs[:, :-3, :-3], unrolled.inputs[25:, 3:, 3:])
