"""Methods are timed from outside."""

import time

import numpy as np

from davinz_jax.evaluation import time_valuation
from davinz_jax.semivalues.valuation import Valuation


def test_seconds_are_those_of_the_call():
    """A method that waits 0.05 s, and says that it took 100, took at least 0.05 and no 100."""

    def method():
        time.sleep(0.05)
        return Valuation(
            "m", ("a", "b"), np.array([1, 2]), ("u",), np.ones((1, 1, 2)), seconds=100.0
        )

    found = time_valuation(method)
    assert 0.05 <= found.seconds < 50
    assert (found.method, found.players) == ("m", ("a", "b"))
    np.testing.assert_array_equal(found.values, [1, 1])
