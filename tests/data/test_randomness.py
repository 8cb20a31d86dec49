"""Generators and keys."""

import jax
import numpy as np
import pytest

from davinz_jax.data.randomness import check_key, numpy_generator, require_generator, split_key


def test_same_key_same_draws_other_key_others(key):
    first, again = numpy_generator(key).random(8), numpy_generator(key).random(8)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, numpy_generator(jax.random.key(1)).random(8))


def test_a_draw_without_key_is_refused():
    with pytest.raises(ValueError, match="key: wanted a random key for dice, got none; pass key="):
        require_generator(None, "dice")


def test_split_key_gives_different_keys_or_none(key):
    first, second = split_key(key, 2)
    assert first is not None
    assert second is not None
    assert not np.array_equal(jax.random.key_data(first), jax.random.key_data(second))
    assert split_key(None, 3) == [None, None, None]


@pytest.mark.parametrize("number", [0, np.uint32(3), None, np.zeros(2, np.uint32)])
def test_a_number_is_no_key(number):
    check_key(jax.random.key(3))
    with pytest.raises(ValueError, match=r"key: wanted a random key, .* pass jax.random.key\(seed"):
        check_key(number)
