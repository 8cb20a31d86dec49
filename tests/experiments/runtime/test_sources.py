"""Mixtures of two domains as one data set with parties."""

import jax
import numpy as np

from experiments.runtime.sources import digits_domains, mixture


def test_parties_hold_their_shares(key):
    """Of 10 rows each, 2 and 10 are of the second domain: the first has grey pixels only."""
    mixed = mixture(domains=digits_domains, shares=[0.2, 1.0], size=10, key=key)
    assert mixed.parties is not None
    grey = (np.ptp(mixed.inputs, axis=-1) == 0).all(axis=(1, 2))
    assert [int((~grey[mixed.parties.indices == p]).sum()) for p in (0, 1)] == [2, 10]


def test_target_is_the_second_domain(key):
    mixed = mixture(domains=digits_domains, shares=[0.0, 0.5], size=5, key=key)
    assert (np.ptp(mixed.validation.inputs, axis=-1) > 0).any(axis=(1, 2)).all()


def test_domains_show_the_same_digits():
    first, second = digits_domains(num_rows=20, num_validation_rows=10, key=jax.random.key(1))
    assert (first.targets == second.targets).all()
    assert first.inputs.shape == second.inputs.shape == (20, 8, 8, 3)
    assert 0 <= second.inputs.min() <= second.inputs.max() <= 1
