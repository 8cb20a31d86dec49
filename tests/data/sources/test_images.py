"""Image folders and manifests: parties, classes, sizes, colours, and what is wrong with files."""

import inspect
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from davinz_jax.data import load_images, partition_by_column
from davinz_jax.data.sources.images import _count_channels


def write(path, value, size=(6, 4), mode="RGB"):
    """A one-colour image of width 6 and height 4."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path)


@pytest.fixture
def folder(tmp_path):
    """Two parties with two classes; the red value tells the image."""
    root = tmp_path / "photos"
    for number, name in enumerate(("east/cat/1", "east/dog/1", "west/cat/1", "west/dog/1")):
        write(root / f"{name}.png", (10 * number, 0, 255))
    for number, name in enumerate(("cat/t", "dog/t")):
        write(tmp_path / "target" / f"{name}.png", (100 + number, 0, 0))
    return root


def test_folders_say_party_and_class(folder):
    data = load_images(folder, validation_path=folder.parent / "target")
    assert data.inputs.shape == (4, 4, 6, 3)
    np.testing.assert_allclose(data.inputs[:, 0, 0, 0] * 255, [0, 10, 20, 30], atol=1e-4)
    np.testing.assert_allclose(data.inputs[..., 2], 1)
    np.testing.assert_array_equal(data.targets, [0, 1, 0, 1])
    assert data.class_names == ("cat", "dog")
    _, parties = partition_by_column(data)
    assert parties.names == ("east", "west")
    np.testing.assert_array_equal(parties.indices, [0, 0, 1, 1])
    np.testing.assert_array_equal(data.validation.targets, [0, 1])
    assert data.notes == ()


def test_progress_counts_images(folder):
    told = []
    load_images(
        folder,
        validation_path=folder.parent / "target",
        progress=lambda *said: told.append(said),
    )
    assert told[3:] == [
        (4, 4, "reading images"),
        (1, 2, "reading images"),
        (2, 2, "reading images"),
    ]


def test_manifest_gives_the_same(folder):
    manifest = folder / "list.csv"
    rows = [f"{p}/{c}/1.png,{c},{p}" for p in ("east", "west") for c in ("cat", "dog")]
    manifest.write_text("path,class,party\n" + "\n".join(rows) + "\n")
    listed = load_images(manifest, validation_path=folder.parent / "target")
    data = load_images(folder, validation_path=folder.parent / "target")
    assert listed.sha256() == data.sha256()
    assert listed.parties is not None
    assert listed.parties.names == ("east", "west")


def test_held_out_validation_set_is_noted(folder, key):
    data = load_images(folder, holdout=0.3, key=key)
    assert (len(data), len(data.validation.inputs)) == (3, 1)
    assert data.notes[0].startswith("validation set: 1 of 4 rows held out at random")


def test_grey_images_have_one_channel_unless_told(folder):
    for path in (*folder.rglob("*.png"), *(folder.parent / "target").rglob("*.png")):
        write(path, 51, mode="L")
    target = folder.parent / "target"
    grey = load_images(folder, validation_path=target)
    assert grey.inputs.shape == (4, 4, 6, 1)
    np.testing.assert_allclose(grey.inputs, 0.2, rtol=1e-6)
    assert load_images(folder, validation_path=target, colour="rgb").inputs.shape[-1] == 3


def test_colour_images_can_be_made_grey_and_resized(folder):
    data = load_images(folder, validation_path=folder.parent / "target", colour="grey", size=5)
    assert data.inputs.shape == (4, 5, 5, 1)
    assert data.validation.inputs.shape == (2, 5, 5, 1)


def test_different_sizes_need_a_size(folder):
    write(folder / "west" / "dog" / "2.png", (0, 0, 0), size=(7, 7))
    target = folder.parent / "target"
    with pytest.raises(ValueError, match="2.png: wanted 4×6 pixels as in 1.png, got 7×7; set size"):
        load_images(folder, validation_path=target)
    assert load_images(folder, validation_path=target, size=8).inputs.shape == (5, 8, 8, 3)


def test_rows_in_use(folder):
    data = load_images(
        folder, validation_path=folder.parent / "target", num_rows=2, num_validation_rows=1
    )
    np.testing.assert_array_equal(data.targets, [0, 1])
    assert len(data.validation.inputs) == 1


def test_a_party_without_images_is_named(folder, key):
    (folder / "south" / "cat").mkdir(parents=True)
    with pytest.raises(
        ValueError, match="parties: wanted at least one image each, got none in .*s"
    ):
        load_images(folder, key=key)


def test_bad_places_and_files_are_named(folder, tmp_path, key):
    with pytest.raises(ValueError, match="path: wanted a folder of images or a CSV manifest, got"):
        load_images(tmp_path / "absent", key=key)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="wanted .*png or .jpg, got no such file in .*; arrange"):
        load_images(tmp_path / "empty", key=key)
    with pytest.raises(
        ValueError, match="validation set: wanted one in photos, or a holdout fraction"
    ):
        load_images(folder, holdout=None, key=key)
    path = folder / "east" / "cat" / "1.png"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="1.png: wanted a.* image, got"):
        load_images(folder, validation_path=tmp_path / "target")
    path.write_text("no image")
    with pytest.raises(ValueError, match="1.png: wanted an image, got"):
        load_images(folder, validation_path=tmp_path / "target")


def test_bad_manifests_are_named(folder, key):
    manifest = folder / "list.csv"
    manifest.write_text("path,clas\nx.png,cat\n")
    with pytest.raises(
        ValueError, match=r"manifest list.csv: wanted a column .* did you mean 'clas'"
    ):
        load_images(manifest, key=key)
    manifest.write_text("path,class\nx.png,cat\ny.png,dog\n")
    with pytest.raises(ValueError, match="path: wanted an image, got .*x.png|y.png, which is no"):
        load_images(manifest, key=key)


def test_one_class_only_is_refused(folder, key):
    for path in folder.rglob("dog/*.png"):
        path.unlink()
    with pytest.raises(ValueError, match="targets: wanted at least two classes, got only class 0"):
        load_images(folder, validation_path=folder.parent / "target")


def test_misspelt_colour_is_refused(folder):
    with pytest.raises(
        ValueError, match="colour: wanted one of .* got 'gray'; did you mean 'grey'"
    ):
        inspect.unwrap(_count_channels)([folder / "east" / "cat" / "1.png"], "gray")


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(
        ">I", zlib.crc32(kind + content)
    )  # fmt: skip


def test_an_image_that_unfolds_to_a_gigabyte_is_refused(folder, key):
    """30,000 by 30,000 pixels in 300 bytes."""
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(30001))), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)
    (folder / "east" / "cat" / "2.png").write_bytes(bomb)
    with pytest.raises(ValueError, match=r"2.png: wanted an image of at most .* make it smaller"):
        load_images(folder, key=key)
