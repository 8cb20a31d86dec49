"""Workers that are killed at random moments: the bytes stay."""

import os
import random
import threading
import time
import warnings

import jax
import numpy as np
import pytest

from davinz_jax import Dataset, Parties, Sampling, davinz_utility, shapley, use_threads
from davinz_jax.data import Validation
from davinz_jax.executors import cluster
from davinz_jax.executors.ray_executor import ClusterWarning
from davinz_jax.models import MLP

pytest.importorskip("ray")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 8)).astype(np.float32)
DATA = Dataset(
    X, (X[:, 0] > 0).astype(int), "classification", 2, Validation(X[:9], np.ones(9, int))
)
MODEL = MLP((8,), num_outputs=2)
KILLS = 20


def values(num_samples=64):
    """Values of 300 rows by permutations, on a kernel of several draws of the network."""
    parties = Parties(np.arange(300), tuple(map(str, range(300))))
    utility = davinz_utility(MODEL, DATA, parties, key=jax.random.key(0), num_initialisations=3)
    sampling = Sampling(method="permutation", num_samples=num_samples)
    return shapley(utility, key=jax.random.key(1), sampling=sampling).values.tobytes()


class Killer(threading.Thread):
    """Calls `kill` at random moments, so often as is wanted; `is_done` says when that is."""

    def __init__(self, kill, times, pause):
        super().__init__(daemon=True)
        self._kill, self._times, self._pause, self.killed = kill, times, pause, 0

    def run(self):
        """Kill, and say how often."""
        draws = random.Random(0)
        while self.killed < self._times:
            time.sleep(draws.uniform(0.2, 1.0) * self._pause)
            self.killed += self._kill(draws)

    @property
    def is_done(self):
        """Whether all are killed that were to be."""
        return self.killed == self._times


def kill_a_worker(executor, draws):
    """Kill -9 one of the workers; whether there was one."""
    names = list(executor._workers)
    if not names:
        return 0
    number = draws.choice(names).split("process ")[1].split()[0]
    try:
        os.kill(int(number), 9)
    except ProcessLookupError:
        return 0
    return 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_workers_killed_at_random_moments_change_no_byte():
    with use_threads(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ClusterWarning)
        here = values()
        with cluster("ray", num_workers=2) as executor:
            killer = Killer(lambda draws: kill_a_worker(executor, draws), KILLS, pause=5)
            killer.start()
            rounds = 0
            while not killer.is_done or rounds == 0:
                assert values() == here
                rounds += 1
