"""Arrays of an npz file: layouts, tasks, validation sets, and files that are not right."""

import inspect
import io
import zipfile

import numpy as np
import pytest

from davinz_jax.data import load_arrays, partition_by_column
from davinz_jax.data.sources.arrays import channels_last

INPUTS = np.arange(24, dtype=np.float32).reshape(6, 4)
LABELS = np.array([0, 1, 2, 0, 1, 2])
VALIDATION = {"validation_inputs": INPUTS[:2] + 0.5, "validation_targets": LABELS[:2]}


@pytest.fixture
def save(tmp_path):
    def write(**arrays):
        path = tmp_path / "mine.npz"
        np.savez(path, **arrays)
        return path

    return write


def test_channels_first_become_last_by_hand():
    images = np.arange(12).reshape(1, 3, 2, 2)
    last = channels_last("inputs", images, "nchw")
    assert last.shape == (1, 2, 2, 3)
    assert last.dtype == np.float32
    np.testing.assert_array_equal(last[0, 1, 0], [2, 6, 10])


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
def test_layout_concerns_four_dimensions_only(layout):
    assert channels_last("inputs", np.zeros((5, 4)), layout).shape == (5, 4)
    assert channels_last("inputs", np.zeros((5, 8, 7)), layout).shape == (5, 8, 7, 1)


def test_file_with_a_validation_set_needs_no_key(save):
    data = load_arrays(save(inputs=INPUTS, targets=LABELS, **VALIDATION))
    np.testing.assert_array_equal(data.inputs, INPUTS)
    np.testing.assert_array_equal(data.targets, LABELS)
    np.testing.assert_array_equal(data.validation.inputs, INPUTS[:2] + 0.5)
    assert (data.task, data.num_classes, data.name, data.notes) == (
        "classification", 3, "mine", (),
    )  # fmt: skip


def test_validation_set_without_targets(save):
    data = load_arrays(save(inputs=INPUTS, targets=LABELS, validation_inputs=INPUTS[:2]))
    assert data.validation.targets is None


def test_precision_is_kept(save):
    arrays = {"inputs": INPUTS.astype(np.float64), "targets": INPUTS[:, 0].astype(np.float64)}
    data = load_arrays(save(**arrays, validation_inputs=arrays["inputs"]))
    assert data.inputs.dtype == data.targets.dtype == np.float64
    assert (data.task, data.num_classes) == ("regression", 1)


def test_parties_and_rows_in_use(save):
    parties = np.array(["north", "south", "south", "north", "south", "south"])
    path = save(inputs=INPUTS, targets=LABELS, parties=parties, **VALIDATION)
    used, found = partition_by_column(load_arrays(path, num_rows=4, num_validation_rows=1))
    assert found.names == ("north", "south")
    np.testing.assert_array_equal(found.sizes, [2, 2])
    np.testing.assert_array_equal(used.inputs, INPUTS[:4])
    assert len(used.validation.inputs) == 1


def test_held_out_validation_set_is_noted(save, key):
    data = load_arrays(save(inputs=INPUTS, targets=LABELS), holdout=0.3, key=key)
    assert (len(data), len(data.validation.inputs)) == (4, 2)
    assert data.notes == (
        "validation set: 2 of 6 rows held out at random, for there is none in mine.npz",
    )
    rows = np.concatenate([data.inputs, data.validation.inputs])
    np.testing.assert_array_equal(np.sort(rows[:, 0]), INPUTS[:, 0])


def test_classes_without_rows_need_their_number(save):
    path = save(
        inputs=INPUTS, targets=2 * LABELS, **{**VALIDATION, "validation_targets": LABELS[[0, 2]]}
    )
    with pytest.raises(ValueError, match=r"targets: wanted labels 0..k-1, got 3 distinct ones up"):
        load_arrays(path)
    assert load_arrays(path, num_classes=5).num_classes == 5


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({"targets": LABELS - 1}, {}, "targets: wanted labels in 0..k-1, got -1..1"),
        ({}, {"num_classes": 2}, "targets: wanted labels in 0..1, got 0..2"),
        ({"validation_targets": np.array([0, 9])}, {"num_classes": 3},
         "validation_targets: wanted labels"),
        ({"targets": np.zeros(6, int), "validation_targets": np.zeros(2, int)}, {},
         "targets: wanted at least two classes"),
        ({"targets": LABELS[:5]}, {}, r"targets: wanted shape \(6,\) as of inputs, got \(5,\)"),
        ({"targets": LABELS[:, None]}, {}, r"targets: wanted shape \(6,\) as of inputs, got \(6,"),
        ({"parties": np.array(["a"])}, {}, r"parties: wanted shape \(6,\) as of inputs"),
        ({"validation_targets": LABELS}, {},
         r"validation_targets: wanted shape \(2,\) as of validation_inputs"),
        ({"inputs": INPUTS * np.nan}, {}, "inputs: wanted finite values, got NaN or infinity in 6"),
        ({"validation_inputs": INPUTS[:2] + np.inf}, {}, "validation_inputs: wanted finite values"),
        ({"validation_inputs": INPUTS[:2, :3]}, {},
         r"validation_inputs: wanted rows of shape \(4,\)"),
        ({"inputs": INPUTS.astype(str)}, {}, "inputs: wanted numbers, got <U"),
        ({"inputs": np.zeros((6, 2, 2, 2, 2))}, {}, r"inputs: wanted shape \(n, d\), \(n, h, w\)"),
        ({"targets": LABELS.astype(str)}, {"task": "regression"}, "targets: wanted numbers, got"),
        ({"targets": LABELS + 0.5}, {"task": "classification"}, "targets: wanted whole numbers"),
        ({"inputs": INPUTS[:0], "targets": LABELS[:0]}, {}, "inputs: wanted at least one row"),
        ({}, {"num_rows": 7}, "num_rows: wanted 1..6 rows, got 7"),
    ],
)  # fmt: skip
def test_bad_arrays_are_refused_by_name(save, changes, options, message):
    arrays = {"inputs": INPUTS, "targets": LABELS, **VALIDATION, **changes}
    with pytest.raises(ValueError, match=message):
        load_arrays(save(**arrays), **options)


def test_missing_parts_are_named(save, tmp_path, key):
    with pytest.raises(ValueError, match="path: wanted an npz file, got .*absent.npz, which is no"):
        load_arrays(tmp_path / "absent.npz")
    with pytest.raises(ValueError, match="wanted arrays inputs and targets, got X; add inputs and"):
        load_arrays(save(X=INPUTS))
    with pytest.raises(
        ValueError, match="validation_inputs: wanted them beside validation_targets"
    ):
        load_arrays(save(inputs=INPUTS, targets=LABELS, validation_targets=LABELS))
    with pytest.raises(
        ValueError, match="validation set: wanted one in mine.npz, or a holdout frac"
    ):
        load_arrays(save(inputs=INPUTS, targets=LABELS), holdout=None, key=key)


def test_corrupt_or_pickled_files_are_refused(save, tmp_path):
    path = save(inputs=INPUTS, targets=LABELS, **VALIDATION)
    whole = path.read_bytes()
    for bad in (whole[: len(whole) // 2], b"", b"no archive", whole[:200] + b"x" + whole[201:]):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="mine.npz: wanted an npz file of plain arrays, got"):
            load_arrays(path)
    pickled = save(inputs=INPUTS, targets=np.array([{"a": 1}] * 6, dtype=object))
    with pytest.raises(ValueError, match="wanted an npz file of plain arrays, got .*allow_pickle"):
        load_arrays(pickled)
    np.save(tmp_path / "one.npy", INPUTS)
    with pytest.raises(ValueError, match="one.npy: wanted an npz file"):
        load_arrays(tmp_path / "one.npy")


def test_reference_files(golden):
    images = load_arrays(golden / "cnn_mnist.npz", layout="nchw")
    assert images.inputs.shape == (300, 28, 28, 1)
    assert (images.inputs.dtype, images.num_classes) == (np.float64, 10)
    spins = load_arrays(golden / "mlp_ising.npz", layout="nchw")
    assert spins.inputs.shape == (400, 8, 8, 1)
    assert (spins.task, spins.validation.targets) == ("regression", None)


def test_misspelt_layout_is_refused():
    with pytest.raises(
        ValueError, match="layout: wanted one of 'nhwc', 'nchw', got 'nwhc'; did you"
    ):
        inspect.unwrap(channels_last)("inputs", INPUTS, "nwhc")


def test_validation_set_from_another_file(tmp_path):
    generator = np.random.default_rng(0)
    own, other = tmp_path / "own.npz", tmp_path / "other.npz"
    for path, num in ((own, 12), (other, 5)):
        np.savez(path, inputs=generator.normal(size=(num, 3)), targets=np.arange(num) % 2)
    data = load_arrays(own, validation_path=other)
    np.testing.assert_array_equal(data.validation.inputs, np.load(other)["inputs"])
    np.testing.assert_array_equal(data.validation.targets, np.load(other)["targets"])
    assert len(data) == 12


def test_a_header_that_claims_more_than_the_file_holds_is_refused(tmp_path):
    """Believed, it would ask for 4 TB."""
    path, header, targets = tmp_path / "huge.npz", io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)}
    )
    np.save(targets, LABELS)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inputs.npy", header.getvalue() + bytes(64))
        archive.writestr("targets.npy", targets.getvalue())
    with pytest.raises(ValueError, match=r"plain arrays, got inputs of shape \(1000000, 1000000\)"):
        load_arrays(path)


def test_rows_without_features_are_refused_as_such(save, key):
    path = save(inputs=np.zeros((6, 0), np.float32), targets=LABELS)
    with pytest.raises(ValueError, match="inputs: wanted at least one number in a row"):
        load_arrays(path, key=key)
