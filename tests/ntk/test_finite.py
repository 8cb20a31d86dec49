"""What is not finite is refused by name, whatever run of rows it lies in."""

import numpy as np
import pytest

from davinz_jax.ntk.finite import check_finite_inputs, check_finite_kernel, is_finite

VARIABLES = {"params": {"dense": {"kernel": np.ones((2, 2))}}}
OUTPUTS = np.ones((3, 2))


def test_finite_numbers_and_integers_pass():
    check_finite_inputs(np.ones((3, 2)))
    check_finite_inputs(np.ones((3, 2), np.int32))
    check_finite_kernel(np.ones((1, 3, 3)), OUTPUTS, VARIABLES)


@pytest.mark.parametrize("row", [0, 4095, 4096, 9999])
def test_first_bad_row_of_the_inputs_is_named(row):
    inputs = np.zeros((10_000, 1, 2), np.float32)
    inputs[row:, 0, 1] = np.inf
    with pytest.raises(ValueError, match=rf"in {10_000 - row} rows, the first row {row};"):
        check_finite_inputs(inputs)


@pytest.mark.parametrize("shape", [(3,), (5, 4), (2, 3, 4, 4), (5000, 2)])
def test_one_bad_number_anywhere_is_seen(shape):
    kernel = np.zeros(shape)
    assert is_finite(kernel)
    kernel[(-1,) * len(shape)] = np.nan
    assert not is_finite(kernel)


@pytest.mark.parametrize(
    ("kernel", "outputs", "weight", "message"),
    [
        (np.nan, 1.0, np.nan, r"NaN or infinity in the weights .*dense.*kernel"),
        (1.0, np.inf, 1.0, "outputs of the model that are not finite, first at row 0"),
        (np.inf, 1.0, 1.0, "gradients that overflow"),
    ],
)
def test_cause_is_named(kernel, outputs, weight, message):
    """Weights before outputs before gradients: each makes the next ones bad."""
    variables = {"params": {"dense": {"kernel": np.full((2, 2), weight)}}}
    with pytest.raises(ValueError, match=f"kernel: wanted finite numbers, got {message}"):
        check_finite_kernel(np.full((3, 3), kernel), np.full((3, 2), outputs), variables)
