"""The two-dimensional Ising model, simulated.

Spins s = ±1 sit on a periodic square lattice with energy E(s) = −Σ s_i s_j over its pairs of
neighbours (coupling 1). Each configuration is the end of a Markov chain of its own at its own
temperature T: a sweep offers a flip to all even sites at once, then to all odd ones, accepted
with probability min(1, exp(−ΔE/T)). Sites of one colour share no bond, so both half-sweeps leave
the Boltzmann law exp(−E/T) unchanged. Chains start from all spins equal, up or down at random: the
ground state at low T, forgotten in few sweeps at high T, and never caught in a striped state.
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Num, ScalarLike

from davinz_jax.data.checks import validate
from davinz_jax.data.dataset import Dataset, Validation
from davinz_jax.data.scalars import number
from davinz_jax.types import PRNGKey, Progress


def simulate_ising(
    *,
    num_rows: int = 15_000,
    num_validation_rows: int = 10_000,
    lattice_size: int = 8,
    temperatures: Sequence[ScalarLike] = (1.0, 5.0),
    num_sweeps: int = 100,
    key: PRNGKey,
    progress: Progress | None = None,
) -> Dataset:
    """Ising configurations with their exact energies, scaled to [0, 1].

    Args:
        num_rows: configurations to be valued.
        num_validation_rows: configurations of the validation set.
        lattice_size: sites a side; even, at least 4.
        temperatures: lowest and highest, evenly filled at random; unit coupling / Boltzmann's k.
            Order sets in below 2.269.
        num_sweeps: length of each Markov chain; every site is offered a flip in each sweep.
        key: fixes all draws.
        progress: taken as by every source; all chains are one computation.

    Returns:
        Inputs (n, l, l, 1) of spins ±1, float32; targets (E − min E) / (max E − min E), the
        extremes taken over both sets. `encoding` holds them, to scale other energies alike.

    Raises:
        ValueError: if the lattice, the range of temperatures or a count is not as above, or all
            energies are equal.

    References:
        Mills & Tamblyn 2018 (`mills2018ising`) describe data of this kind; the number of rows is
        that of their file.
    """
    _check_lattice(lattice_size, temperatures, num_sweeps)
    _check_counts(num_rows, num_validation_rows)
    num_all = num_rows + num_validation_rows
    temperature_key, chain_key = jax.random.split(key)
    low, high = (number(t) for t in temperatures)
    drawn = jax.random.uniform(temperature_key, (num_all,), jnp.float32, low, high)
    spins = sample_spins(drawn, lattice_size=lattice_size, num_sweeps=num_sweeps, key=chain_key)
    inputs = np.asarray(spins)[..., None]
    targets, encoding = _scale(ising_energy(inputs[..., 0]))
    ising = Dataset(
        inputs[:num_rows],
        targets[:num_rows],
        task="regression",
        num_classes=1,
        validation=Validation(inputs[num_rows:], targets[num_rows:]),
        name="ising",
        notes=(
            f"targets: energies from {encoding['minimum']} to {encoding['maximum']} (unit: the "
            "coupling) scaled to 0..1",
        ),
        encoding=encoding,
    )
    return validate(ising)


def ising_energy(spins: Num[np.ndarray, "n l l"]) -> Int[np.ndarray, " n"]:
    """Exact energy of each configuration; unit: the coupling.

    >>> ising_energy(np.ones((1, 8, 8), np.int8))
    array([-128])
    """
    wide = spins.astype(np.int64)
    bonds = wide * (np.roll(wide, 1, axis=1) + np.roll(wide, 1, axis=2))
    return -bonds.sum(axis=(1, 2))


@partial(jax.jit, static_argnames=("lattice_size", "num_sweeps"))
def sample_spins(
    temperatures: Float[Array, " n"], *, lattice_size: int, num_sweeps: int, key: PRNGKey
) -> Float[Array, "n l l"]:
    """The state of one Metropolis chain at each temperature after its last sweep, ±1."""
    start_key, sweep_key = jax.random.split(key)
    shape = (lattice_size, lattice_size, len(temperatures))  # chains last: contiguous arithmetic
    start = jax.random.rademacher(start_key, (1, 1, shape[-1]), jnp.float32)
    odd = (jnp.sum(jnp.indices(shape[:2]), axis=0) % 2 == 1)[:, :, None]
    rare, rarer = (jnp.exp(-cost / temperatures)[None, None] for cost in (4.0, 8.0))

    def sweep(step: ScalarLike, spins: Float[Array, "l l n"]) -> Float[Array, "l l n"]:
        uniform = jax.random.uniform(jax.random.fold_in(sweep_key, step), shape, jnp.float32)
        accepted = 4.0 * (uniform < rare) + 4.0 * (uniform < rarer)  # ΔE: 0, 4 or 8
        return _flip(_flip(spins, accepted, ~odd), accepted, odd)

    spins = jax.lax.fori_loop(0, num_sweeps, sweep, jnp.broadcast_to(start, shape))
    return spins.transpose(2, 0, 1)  # (l, l, n) -> (n, l, l)


def _flip(
    spins: Float[Array, "l l n"], accepted: Float[Array, "l l n"], sites: Bool[Array, "l l 1"]
) -> Float[Array, "l l n"]:
    """One half-sweep: given sites, which share no bond, flip where ΔE is at most that accepted."""
    neighbours = (
        jnp.roll(spins, 1, 0)
        + jnp.roll(spins, -1, 0)
        + jnp.roll(spins, 1, 1)
        + jnp.roll(spins, -1, 1)
    )
    return jnp.where(sites & (2.0 * spins * neighbours <= accepted), -spins, spins)


def _scale(
    energy: Int[np.ndarray, " n"],
) -> tuple[Float[np.ndarray, " n"], dict[str, str | int]]:
    """Energies scaled to [0, 1], and the extremes that do it."""
    low, high = int(energy.min()), int(energy.max())
    if low == high:
        raise ValueError(
            f"temperatures: wanted configurations of several energies, got only {low}; "
            "widen the range, or draw more rows"
        )
    scaled = ((energy - low) / (high - low)).astype(np.float32)
    return scaled, {"kind": "min-max energy", "minimum": low, "maximum": high}


def _check_lattice(lattice_size: int, temperatures: Sequence[ScalarLike], num_sweeps: int) -> None:
    if lattice_size < 4 or lattice_size % 2:
        raise ValueError(
            f"lattice_size: wanted an even number >= 4, got {lattice_size}; 8 is usual"
        )
    limits = [number(temperature) for temperature in temperatures]
    if len(limits) != 2 or not 0 < limits[0] <= limits[1] < np.inf:
        raise ValueError(
            f"temperatures: wanted 0 < lowest <= highest, got {limits}; "
            "(1, 5) spans order and disorder"
        )
    if num_sweeps < 1:
        raise ValueError(f"num_sweeps: wanted at least 1, got {num_sweeps}; 100 is usual")


def _check_counts(num_rows: int, num_validation_rows: int) -> None:
    for argument, num in (("num_rows", num_rows), ("num_validation_rows", num_validation_rows)):
        if num < 1:
            raise ValueError(f"{argument}: wanted at least 1, got {num}; draw some configurations")
