"""One bandwidth, whichever validation rows are compared."""

import jax
import numpy as np

from davinz_jax.data import load_digits, partition_random
from davinz_jax.models import MLP, apply_function, initialise
from davinz_jax.utility import DiscrepancyOptions, DiscrepancyUtility
from davinz_jax.utility.input_comparison import discrepancy_maker

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
