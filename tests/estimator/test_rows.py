"""Tables and images as datasets."""

import numpy as np
import pandas as pd
import pytest

from davinz_jax.estimator.rows import Given, class_values, make_dataset, make_parties

X = np.array([[1.0, 5.0], [2.0, 5.5], [3.0, 4.0], [4.0, 4.5]])
Y = np.array([7, 3, 3, 7])


def dataset(*given, **settings):
    usual = {"task": None, "standardise": True, "impute": None}
    return make_dataset(Given(*given), **usual | settings)


def test_columns_are_standardised_and_labels_numbered():
    made = dataset(X, Y)
    np.testing.assert_allclose(made.inputs, (X - X.mean(0)) / X.std(0), rtol=1e-6)
    assert made.targets.tolist() == [1, 0, 0, 1]
    assert made.class_names == ("3", "7")
    np.testing.assert_array_equal(made.validation.inputs, made.inputs)
    assert class_values(Given(X, Y)).tolist() == [3, 7]


def test_rows_may_be_taken_as_they_are():
    made = dataset(X, Y * 1.5, standardise=False)
    np.testing.assert_array_equal(made.inputs, X)
    assert made.task == "regression"
    np.testing.assert_array_equal(made.targets, np.float32(Y * 1.5))


def test_images_get_a_channel():
    images = X.reshape(4, 2, 1)
    made = dataset(images, np.array(["b", "a", "a", "b"]), images[:2], np.array(["a", "c"]))
    assert made.inputs.shape == (4, 2, 1, 1)
    assert made.targets.tolist() == [1, 0, 0, 1]
    assert made.validation.targets.tolist() == [0, 2]


def test_gaps_are_refused_or_filled():
    frame = pd.DataFrame({"age": [1.0, np.nan, 3.0, 4.0], "ward": ["a", "b", "b", "a"]})
    with pytest.raises(ValueError, match=r"age \(1 gap\)"):
        dataset(frame, Y)
    made = dataset(frame, Y, impute="median")
    assert made.inputs[1, 0] == pytest.approx((3 - 2.75) / np.std([1, 3, 3, 4]))


def test_a_validation_set_without_labels():
    made = dataset(X, Y, X + 1)
    assert made.validation.targets is None


def test_players_are_groups_in_their_own_order_or_rows():
    made = dataset(X, Y)
    parties, labels = make_parties(made, [10, 9, 9, 10])
    assert labels.tolist() == [9, 10]
    assert (parties.names, parties.indices.tolist()) == (("9", "10"), [1, 0, 0, 1])
    parties, labels = make_parties(made, None)
    assert len(parties) == 4
    assert labels.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        make_parties(made, [1, 2])
