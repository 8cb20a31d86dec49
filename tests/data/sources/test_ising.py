"""The Ising model: energies by hand, and samples against the exact law of a 4×4 lattice."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.data import ising_energy, simulate_ising
from davinz_jax.data.sources.ising import _flip, sample_spins


def test_energies_by_hand():
    """All equal: each of 128 bonds gives −1. Chessboard: +1. One spin turned: 4 bonds change."""
    equal = np.ones((8, 8))
    chessboard = np.where(np.indices((8, 8)).sum(axis=0) % 2, 1.0, -1.0)
    turned = equal.copy()
    turned[0, 7] = -1
    half = np.repeat([1.0, -1.0], 4)[:, None] * equal  # two walls of 8 bonds
    energy = ising_energy(np.stack([equal, chessboard, turned, half]))
    np.testing.assert_array_equal(energy, [-128, 128, -120, -96])


def test_energy_of_shifted_and_turned_over_lattices(key):
    spins = np.asarray(jax.random.rademacher(key, (5, 8, 8)))
    for same in (np.roll(spins, 3, axis=1), np.roll(spins, 5, axis=2), -spins):
        np.testing.assert_array_equal(ising_energy(same), ising_energy(spins))


def exact_law(temperature):
    """Mean and variance of the energy and mean |magnetisation| over all 4×4 configurations."""
    bits = (np.arange(2**16)[:, None] >> np.arange(16)) & 1
    spins = (2 * bits - 1).reshape(-1, 4, 4)
    energy = ising_energy(spins)
    weights = np.exp(-(energy - energy.min()) / temperature)
    weights /= weights.sum()
    mean = weights @ energy
    return mean, weights @ (energy - mean) ** 2, weights @ np.abs(spins.sum(axis=(1, 2)))


@pytest.mark.parametrize("temperature", [1.5, 2.3, 4.0])
def test_samples_follow_the_exact_law(key, temperature):
    """Over 4,000 chains, means lie within five standard errors of those over all 65,536 states."""
    temperatures = jnp.full(4000, temperature, jnp.float32)
    spins = np.asarray(sample_spins(temperatures, lattice_size=4, num_sweeps=60, key=key))
    mean, variance, magnetisation = exact_law(temperature)
    energy = ising_energy(spins)
    assert abs(energy.mean() - mean) < 5 * np.sqrt(variance / 4000)
    assert abs(energy.var() / variance - 1) < 0.15
    assert abs(np.abs(spins.sum(axis=(1, 2))).mean() - magnetisation) < 5 * 16 / np.sqrt(4000) / 2
    assert abs(spins.mean()) < 0.08


@pytest.fixture(scope="module")
def data():
    return simulate_ising(num_rows=300, num_validation_rows=200, key=jax.random.key(0))


def test_spins_and_scaled_energies(data):
    assert data.inputs.shape == (300, 8, 8, 1)
    assert set(np.unique(data.inputs)) == {-1.0, 1.0}
    assert data.task == "regression"
    targets = np.concatenate([data.targets, data.validation.targets])
    assert (targets.min(), targets.max()) == (0, 1)
    low, high = data.encoding["minimum"], data.encoding["maximum"]
    energy = ising_energy(data.inputs[..., 0])
    np.testing.assert_allclose(data.targets * (high - low) + low, energy, atol=1e-4)


def test_same_key_same_data(data):
    again = simulate_ising(num_rows=300, num_validation_rows=200, key=jax.random.key(0))
    other = simulate_ising(num_rows=300, num_validation_rows=200, key=jax.random.key(1))
    assert data.sha256() == again.sha256()
    assert data.sha256() != other.sha256()


def test_half_sweep_flips_the_sites_that_a_loop_would(key):
    """Site by site, with the energy computed anew: flip where it rises by no more than accepted."""
    spins = np.asarray(jax.random.rademacher(key, (4, 4, 3), jnp.float32))
    accepted = 4.0 * np.asarray(jax.random.randint(key, (4, 4, 3), 0, 3)).astype(np.float32)
    odd = np.indices((4, 4)).sum(axis=0) % 2 == 1
    slow = spins.copy()
    for row, column, chain in np.ndindex(4, 4, 3):
        if odd[row, column]:
            flipped = slow.copy()
            flipped[row, column, chain] *= -1
            before, after = (ising_energy(s[None, ..., chain])[0] for s in (slow, flipped))
            slow = flipped if after - before <= accepted[row, column, chain] else slow
    fast = jax.jit(_flip)(jnp.array(spins), jnp.array(accepted), jnp.array(odd)[:, :, None])
    np.testing.assert_array_equal(fast, slow)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lattice_size": 7}, "lattice_size: wanted an even number >= 4, got 7"),
        ({"lattice_size": 2}, "lattice_size: wanted an even number >= 4, got 2"),
        ({"temperatures": (0.0, 2.0)}, "temperatures: wanted 0 < lowest <= highest"),
        ({"temperatures": [2.0]}, "temperatures: wanted 0 < lowest <= highest"),
        ({"temperatures": (3.0, 2.0)}, "temperatures: wanted 0 < lowest <= highest"),
        ({"temperatures": (0.1, 0.1)}, "temperatures: wanted configurations of several energies"),
        ({"num_sweeps": 0}, "num_sweeps: wanted at least 1, got 0"),
        ({"num_rows": 0}, "num_rows: wanted at least 1, got 0"),
        ({"num_validation_rows": 0}, "num_validation_rows: wanted at least 1, got 0"),
    ],
)
def test_impossible_lattices_are_refused(key, arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate_ising(**{"num_rows": 300, "num_validation_rows": 200, **arguments}, key=key)
