"""One bandwidth, whichever validation rows are compared."""

import jax
import numpy as np
import pytest
from flax import linen as nn

from davinz_jax.data import Dataset, Parties, Validation, load_digits, partition_random
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.utility import DiscrepancyOptions, DiscrepancyUtility, Ingredients, KernelChoice
from davinz_jax.utility.input_comparison import compared_rows, discrepancy_maker

KEY = jax.random.key(0)


def test_a_part_of_the_validation_rows_has_the_bandwidth_of_all():
    data, parties = partition_random(
        load_digits(num_rows=20, num_validation_rows=12), num=3, key=KEY
    )
    model = MLP(widths=(4,), num_outputs=10)
    draws = [initialise(model, key, data.inputs[:1]) for key in jax.random.split(KEY)]
    for features, num in (("inputs", 1), ("network", 2)):
        options = DiscrepancyOptions(bandwidth="median", features=features)
        make = discrepancy_maker(
            data, parties, options, network=lambda: (apply_function(model), draws), key=KEY
        )
        every, some = make(slice(None)), make(np.arange(5))
        assert every.bandwidths == some.bandwidths
        assert len(every.bandwidths) == num
        assert some.describe()["num_validation_rows"] == 5
    plain = DiscrepancyUtility(data.inputs, data.validation.inputs, parties, bandwidth=2.0)
    given = discrepancy_maker(
        data, parties, DiscrepancyOptions(bandwidth=2.0), network=lambda: 1 / 0, key=KEY
    )
    np.testing.assert_array_equal(given(slice(None)).grand(), plain.grand())


class Bag(nn.Module):
    """Mean of the embeddings of tokens, and a linear layer."""

    @nn.compact
    def __call__(self, inputs):
        return nn.Dense(2)(nn.Embed(5, 3, name="table")(inputs).mean(axis=1))


@pytest.fixture
def texts():
    """Four rows of two tokens that are their own validation set, and a network with its draw."""
    ids = np.array([[0, 1], [2, 3], [4, 4], [1, 1]], np.int32)
    targets = np.array([0, 1, 0, 1])
    validation = Validation(ids, targets)
    data = Dataset(ids, targets, "classification", 2, validation, input_kind="tokens")
    variables = initialise(Bag(), KEY, ids)
    return data, (apply_function(Bag()), [variables]), np.asarray(
        variables["params"]["table"]["embedding"]
    )  # fmt: skip


def test_tokens_are_compared_by_features_whatever_is_asked(texts):
    """By hand: the mean of two rows of the table; numbers are compared as they are."""
    data, network, table = texts
    found = compared_rows(data, lambda: network)
    np.testing.assert_allclose(found.inputs, table[data.inputs].mean(1), rtol=1e-6)
    assert found.input_kind == "numbers"
    assert found.validation.inputs is found.inputs
    assert compared_rows(found, lambda: 1 / 0) is found
    parties = Parties(np.array([0, 0, 1, 1]), ("a", "b"))
    make = discrepancy_maker(
        data, parties, DiscrepancyOptions(bandwidth=2.0), network=lambda: network, key=KEY
    )
    wanted = DiscrepancyUtility(found.inputs, found.inputs, parties, bandwidth=2.0)
    np.testing.assert_allclose(make(slice(None)).grand(), wanted.grand(), atol=1e-6)


def test_a_kernel_of_rows_is_of_the_features_of_tokens(texts):
    data, network, table = texts
    made = Ingredients(
        Bag(), data, Parties(np.arange(4) % 2, ("a", "b")), key=KEY, initialisations=network[1]
    )
    kernel = made.regression_kernel(KernelChoice("rbf", bandwidth=0.5))
    seen = table[data.inputs].mean(1).astype(np.float64)
    distances = ((seen[:, None] - seen[None]) ** 2).sum(-1)
    np.testing.assert_allclose(kernel.blocks[0, 0], np.exp(-distances / 0.5), rtol=1e-5)
