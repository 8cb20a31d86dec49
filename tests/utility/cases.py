"""A random kernel, inputs and 8 parties, shared by the tests of all utilities."""

import numpy as np

from davinz_jax.data.dataset import Parties
from davinz_jax.ntk.tangent_kernel import TangentKernel
from davinz_jax.utility import all_coalitions
from tests.linalg.cases import random_blocks

RIDGE = 1e-2


def random_kernel(num_blocks, *, num_rows=40, num_outputs=3, num_validation_rows=0, seed=0):
    """5 initialisations of a random tangent kernel."""
    rng = np.random.default_rng(seed)
    blocks, rows = random_blocks(
        rng, num_initialisations=5, num_rows=num_rows, num_blocks=num_blocks, rank=20
    )
    of_validation = {}
    if num_validation_rows:
        of_validation["validation_kernel"] = rng.normal(size=(5, num_validation_rows, num_rows))
        of_validation["validation_outputs"] = rng.normal(size=(5, num_validation_rows, num_outputs))
    return TangentKernel(
        blocks=blocks,
        rows=rows,
        residual=rng.normal(size=(5, num_rows, num_outputs)),
        output="trace",
        engine="random",
        parameters="weights",
        **of_validation,
    )


def random_parties(num_rows=40, num_players=8):
    rng = np.random.default_rng(1)
    extra = rng.integers(0, num_players, num_rows - num_players)
    labels = rng.permutation(np.concatenate([np.arange(num_players), extra]))
    return Parties(labels, tuple(f"party {j}" for j in range(num_players)))


def row_parties(num_rows):
    return Parties(np.arange(num_rows), tuple(f"row_{j}" for j in range(num_rows)))


def random_inputs(num_rows=40, num_validation_rows=7, seed=2):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(num_rows, 4)), 0.3 + rng.normal(size=(num_validation_rows, 4))


def check_answers(utility, slow, num_players, *, rtol=1e-8, members=None):
    """All five answers of a utility against `slow(members) -> (t, i, c)`."""
    close = dict(rtol=rtol, atol=1e-11)
    members = all_coalitions(num_players) if members is None else members
    np.testing.assert_allclose(utility.coalitions(members), slow(members), **close)
    if num_players <= 10:
        everything = slow(all_coalitions(num_players))
        np.testing.assert_allclose(utility.power_set(), everything, **close)
    permutation = np.random.default_rng(5).permutation(num_players)
    prefixes = np.zeros((num_players + 1, num_players), bool)
    for step, player in enumerate(permutation):
        prefixes[step + 1 :, player] = True
    np.testing.assert_allclose(utility.prefixes(permutation), slow(prefixes), **close)
    grand = slow(np.ones((1, num_players), bool))
    np.testing.assert_allclose(utility.grand(), grand[..., 0], **close)
    without = slow(~np.eye(num_players, dtype=bool))
    np.testing.assert_allclose(utility.leave_one_out(), grand - without, **close)
