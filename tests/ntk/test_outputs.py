"""Outputs a kernel sees, residuals, and what is refused."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.ntk.outputs import Network, Rows, check_rows, make_rows, network_outputs, residuals

LOGITS = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)


def logits(variables, inputs):
    """A model of three outputs, linear in its inputs."""
    return inputs * variables["params"]["kernel"]


VARIABLES = {"params": {"kernel": jnp.ones((1, 3))}}


def test_label_output_is_the_own_logit():
    """Rows of class 2 and 0: 3 and 4."""
    rows = Rows(LOGITS, np.array([2, 0], np.int32))
    found = network_outputs(Network(logits, "label", "all"), VARIABLES, rows)
    np.testing.assert_array_equal(found, [[3.0], [4.0]])


def test_first_output_is_that_of_class_0_whatever_the_labels():
    rows = make_rows(Network(logits, "first", "all"), LOGITS, np.array([2, 0]))
    found = network_outputs(Network(logits, "first", "all"), VARIABLES, rows)
    np.testing.assert_array_equal(found, LOGITS[:, :1])


def test_residuals_by_hand():
    """1 − g; onehot(y) − f; y − f."""
    classes = np.array([2, 0])
    np.testing.assert_array_equal(residuals("label", LOGITS, classes), [[-2.0], [-3.0]])
    np.testing.assert_array_equal(
        residuals("trace", LOGITS, classes), [[-1.0, -2.0, -2.0], [-3.0, -5.0, -6.0]]
    )
    np.testing.assert_array_equal(
        residuals("first", LOGITS, classes), residuals("trace", LOGITS, classes)
    )
    found = residuals("scalar", LOGITS[:, :1], np.array([0.5, 0.5]))
    np.testing.assert_array_equal(found, [[-0.5], [-3.5]])


@pytest.mark.parametrize(
    ("output", "inputs", "labels", "message"),
    [
        ("label", LOGITS, [0, 3], r"labels: wanted classes in 0\.\.2"),
        ("label", LOGITS, [0, -1], r"labels: wanted classes in 0\.\.2"),
        ("label", LOGITS, None, "labels: wanted one class a row"),
        ("label", LOGITS, [0], "labels: wanted one class a row"),
        ("scalar", LOGITS, None, "output: wanted 'label', 'trace' or 'first' for a model of 3"),
        ("trce", LOGITS, None, "did you mean 'trace'"),
        ("trace", LOGITS[:0], None, "inputs: wanted at least one row"),
        ("trace", LOGITS * np.array([[1.0], [np.nan]], np.float32), None, "first row 1"),
    ],
)
def test_refusals_name_the_argument(output, inputs, labels, message):
    network = Network(logits, output, "all")
    labels = None if labels is None else np.array(labels)
    with pytest.raises(ValueError, match=message):
        check_rows(network, VARIABLES, make_rows(network, inputs, labels))


@pytest.mark.parametrize("output", ["label", "trace", "first"])
def test_residual_of_a_class_that_is_no_logit(output):
    with pytest.raises(ValueError, match=r"labels: wanted classes in 0\.\.0"):
        residuals(output, np.zeros((2, 1)), np.array([0, 1]))
