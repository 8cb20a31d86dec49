"""A game: eight parties of one size and class balance that differ in one known way.

Parties differ by the share of wrong labels, by the noise in their inputs, or by copies. Which party
is which is drawn, so that its place says nothing.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Float, Int

from davinz_jax.data import (
    Dataset,
    Parties,
    Validation,
    add_party_noise,
    flip_labels,
    numpy_generator,
)
from davinz_jax.data.degradation import repeat_rows
from davinz_jax.types import PRNGKey
from experiments.studies.fidelity.draws import Part, balanced_parts, read_rows, standardise
from experiments.studies.party_quality.specs import (
    COPIES,
    INPUTS,
    LABELS,
    NOISE_STEP,
    NUM_PARTIES,
    WORST_SHARE,
    Spec,
)

PLAIN, ORIGINAL, COPY, PART_OF_PLAIN = "plain", "original", "copy", "half of a plain one, twice"
REPEATED = {2: "own half, twice", 8: "own eighth, 8 times"}
ROLES = (*[PLAIN] * 3, ORIGINAL, COPY, PART_OF_PLAIN, *REPEATED.values())
"""What each party of a game of copies holds; the first one's rows are those that are half taken."""


@dataclass(frozen=True)
class Game:
    """Parties and what they hold.

    Attributes:
        spec: which game it is.
        dataset: rows of all parties, and the validation set.
        parties: of equal size; named after their role where they differ by copies.
        quality: of each party, the larger the better: minus the share of wrong labels, minus the
            noise, or its distinct rows.
    """

    spec: Spec
    dataset: Dataset
    parties: Parties
    quality: Float[np.ndarray, " p"]

    @property
    def key(self) -> PRNGKey:
        """Draws what scores draw."""
        return jax.random.fold_in(_key(self.spec), 1)


def make_game(spec: Spec, *, root: Path | None = None) -> Game:
    """Read the data and make the parties; the same spec gives the same game.

    Args:
        spec: what to make.
        root: folder of local data; digits needs none.
    """
    part_key, order_key, own_key = jax.random.split(_key(spec), 3)
    pool, _ = read_rows(spec.data, half=spec.half, root=root)
    parts = balanced_parts(pool, (spec.rows * NUM_PARTIES, spec.validation), part_key)
    base, validation = standardise(*parts)
    num_classes = int(pool.targets.max()) + 1
    owners = np.tile(np.repeat(np.arange(NUM_PARTIES), spec.rows), num_classes)
    dataset = Dataset(
        base.inputs,
        base.targets,
        "classification",
        num_classes,
        Validation(validation.inputs, validation.targets),
        name=spec.name,
    )
    order = numpy_generator(order_key).permutation(NUM_PARTIES)
    parties = Parties(owners, tuple(f"party_{party}" for party in range(NUM_PARTIES)))
    return MAKERS[spec.quality](Game(spec, dataset, parties, order.astype(float)), own_key)


def _spoil_labels(game: Game, key: PRNGKey) -> Game:
    """The worse a party's rank, the more of its labels are any other class."""
    shares = game.quality / (NUM_PARTIES - 1) * WORST_SHARE
    dataset = game.dataset
    for party, share in enumerate(shares):
        rows = np.flatnonzero(game.parties.indices == party)
        own = jax.random.fold_in(key, party)
        dataset, _ = flip_labels(dataset, fraction=float(share), rows=rows, key=own)
    return replace(game, dataset=dataset, quality=-shares)


def _spoil_inputs(game: Game, key: PRNGKey) -> Game:
    """The worse a party's rank, the wider the Gaussian noise on its inputs."""
    scales = game.quality * NOISE_STEP * float(game.dataset.inputs.std())
    dataset, _ = add_party_noise(game.dataset, game.parties, scales=scales.tolist(), key=key)
    return replace(game, dataset=dataset, quality=-scales)


def _copy_rows(game: Game, key: PRNGKey) -> Game:
    """Every party holds what its role says."""
    owners, targets = game.parties.indices, game.dataset.targets
    holders = {int(rank): party for party, rank in enumerate(game.quality)}  # role -> party
    source = np.arange(len(targets))
    rows = [np.flatnonzero(owners == holders[rank]) for rank in range(NUM_PARTIES)]
    place = {role: number for number, role in enumerate(ROLES) if role != PLAIN}
    source[rows[place[COPY]]] = rows[place[ORIGINAL]]
    source[rows[place[PART_OF_PLAIN]]] = rows[0][_repeat(targets[rows[0]], 2, key)]
    for times, role in REPEATED.items():
        own = rows[place[role]]
        source[own] = own[_repeat(targets[own], times, jax.random.fold_in(key, times))]
    copied = Part(game.dataset.inputs, targets).take(source)
    distinct = [len(np.unique(source[owners == party])) for party in range(NUM_PARTIES)]
    return replace(
        game,
        dataset=replace(game.dataset, inputs=copied.inputs, targets=copied.targets),
        parties=Parties(owners, _role_names(holders)),
        quality=np.array(distinct, float),
    )


def _repeat(targets: Int[np.ndarray, " n"], times: int, key: PRNGKey) -> Int[np.ndarray, " n"]:
    """Rows that take the rows' places: one in so many of each class, repeated."""
    per_class = int(np.bincount(targets).max())
    return repeat_rows(targets, num_distinct=max(1, per_class // times), key=key)


def _role_names(holders: Mapping[int, int]) -> tuple[str, ...]:
    """The role of each party; the plain ones are numbered, that which is half taken is the 0th."""
    names = [f"{role} {rank}" if role == PLAIN else role for rank, role in enumerate(ROLES)]
    by_party = {party: names[rank] for rank, party in holders.items()}
    return tuple(by_party[party] for party in range(NUM_PARTIES))


MAKERS: Mapping[str, Callable[[Game, PRNGKey], Game]] = {
    LABELS: _spoil_labels,
    INPUTS: _spoil_inputs,
    COPIES: _copy_rows,
}
"""How parties come to differ, by the quality; a game's quality is their rank before."""


def _key(spec: Spec) -> PRNGKey:
    return jax.random.fold_in(jax.random.key(spec.draw), zlib.crc32(spec.name.encode()))
