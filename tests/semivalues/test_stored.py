"""What is packed is unpacked: every field of a sampled and of a plain valuation."""

import dataclasses
import json

import numpy as np

from davinz_jax import Sampling, Valuation, shapley
from davinz_jax.semivalues.archive import plain
from davinz_jax.semivalues.stored import pack, unpack
from davinz_jax.utility import FunctionUtility


def through(made: Valuation) -> Valuation:
    """The valuation after a journey through JSON."""
    document, arrays = pack(made)
    return Valuation(**unpack(json.loads(json.dumps(plain(document))), arrays))


def test_every_field_comes_back(key):
    game = FunctionUtility(lambda members: len(members) ** 2 + members.count("a"), ["a", "b", "c"])
    sampled = shapley(game, sampling=Sampling("antithetic", num_samples=64), key=key)
    rows = dataclasses.replace(shapley(game), rows=np.arange(3))
    for made in (sampled, rows):
        back = through(made)
        np.testing.assert_array_equal(back.values, made.values)
        np.testing.assert_array_equal(back.stderr, made.stderr)
        for field in dataclasses.fields(Valuation):
            was, now = getattr(made, field.name), getattr(back, field.name)
            assert (was is None) == (now is None), field.name
