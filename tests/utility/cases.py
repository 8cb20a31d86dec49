"""A random kernel, inputs and 8 parties, shared by the tests of all utilities."""

import numpy as np

from davinz_jax.data.dataset import Parties
from davinz_jax.ntk.tangent_kernel import TangentKernel
from tests.linalg.brute import random_blocks

RIDGE = 1e-2


def random_kernel(num_blocks, *, num_rows=40, num_outputs=3, num_validation_rows=0, seed=0):
    """5 initialisations of a random tangent kernel."""
    rng = np.random.default_rng(seed)
    blocks, rows = random_blocks(
        rng, num_initialisations=5, num_rows=num_rows, num_blocks=num_blocks, rank=20
    )
    target = {}
    if num_validation_rows:
        target["validation_kernel"] = rng.normal(size=(5, num_validation_rows, num_rows))
        target["validation_outputs"] = rng.normal(size=(5, num_validation_rows, num_outputs))
    return TangentKernel(
        blocks=blocks,
        rows=rows,
        residual=rng.normal(size=(5, num_rows, num_outputs)),
        output="trace",
        engine="random",
        parameters="weights",
        **target,
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


def all_members(num_players=8):
    return (np.arange(2**num_players)[:, None] >> np.arange(num_players)) % 2 == 1


def check_answers(utility, brute, num_players, *, rtol=1e-8, members=None):
    """All five answers of a utility against `brute(members) -> (t, i, c)`."""
    close = dict(rtol=rtol, atol=1e-11)
    members = all_members(num_players) if members is None else members
    np.testing.assert_allclose(utility.coalitions(members), brute(members), **close)
    if num_players <= 10:
        everything = brute(all_members(num_players))
        np.testing.assert_allclose(utility.power_set(), everything, **close)
    permutation = np.random.default_rng(5).permutation(num_players)
    prefixes = np.zeros((num_players + 1, num_players), bool)
    for step, player in enumerate(permutation):
        prefixes[step + 1 :, player] = True
    np.testing.assert_allclose(utility.prefixes(permutation), brute(prefixes), **close)
    grand = brute(np.ones((1, num_players), bool))
    np.testing.assert_allclose(utility.grand(), grand[..., 0], **close)
    without = brute(~np.eye(num_players, dtype=bool))
    np.testing.assert_allclose(utility.leave_one_out(), grand - without, **close)
