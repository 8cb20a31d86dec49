"""How sets are made: kinds of degradation with their strengths, for images and for tables.

A recipe is a kind, a strength and the share of a set's rows that it touches. Strengths of inputs
are in standard deviations of the data or shares of the image's side, so that one list serves every
data set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Int

from davinz_jax.data import degradation
from davinz_jax.types import PRNGKey

Inputs = Float[np.ndarray, "n ..."]
Labels = Int[np.ndarray, " n"]


@dataclass(frozen=True)
class Recipe:
    """One degradation.

    Attributes:
        kind: what is done.
        strength: how strongly; its unit is the kind's.
        share: rows touched, where the kind changes inputs.
    """

    kind: str
    strength: float = 0.0
    share: float = 1.0


@dataclass(frozen=True)
class Scale:
    """What strengths are measured by.

    Attributes:
        deviation: standard deviation of the data's inputs.
        low: smallest input.
        high: largest input.
        to_domain: the same rows as another domain has them; None where there is none.
    """

    deviation: float
    low: float
    high: float
    to_domain: Callable[[Inputs, PRNGKey], Inputs] | None = None


def _side(images: Inputs, strength: float) -> int:
    return max(1, round(strength * images.shape[1]))


def _domain(inputs: Inputs, _: float, scale: Scale, key: PRNGKey) -> Inputs:
    assert scale.to_domain is not None  # recipes of a domain are left out without one
    return scale.to_domain(inputs, key)


Change = Callable[[Inputs, float, Scale, PRNGKey], Inputs]

CHANGES: Mapping[str, Change] = {
    "noise": lambda x, s, by, key: degradation.noise_inputs(x, scale=s * by.deviation, key=key),
    "offset": lambda x, s, by, key: degradation.offset_inputs(x, offset=s * by.deviation),
    "inversion": lambda x, s, by, key: degradation.invert_inputs(x, low=by.low, high=by.high),
    "blur": lambda x, s, by, key: degradation.blur_images(x, sigma=s * x.shape[1]),
    "rotation": lambda x, s, by, key: degradation.rotate_images(x, degrees=s, key=key),
    "shift": lambda x, s, by, key: degradation.shift_images(x, pixels=_side(x, s), key=key),
    "domain": _domain,
    "column shuffle": lambda x, s, by, key: degradation.shuffle_columns(x, fraction=s, key=key),
    "column shift": lambda x, s, by, key: degradation.shift_columns(
        x, fraction=0.5, offset=s * by.deviation, key=key
    ),
    "column scale": lambda x, s, by, key: degradation.scale_columns(
        x, fraction=0.5, factor=s, key=key
    ),
    "column mirror": lambda x, s, by, key: degradation.scale_columns(
        x, fraction=s, factor=-1, key=key
    ),
    "blank cells": lambda x, s, by, key: degradation.blank_cells(x, fraction=s, key=key),
}
"""What changes inputs: (inputs, strength, scale, key) to inputs."""

SWAPS = ("label swap", "class swap")
COMMON = (
    *[Recipe("clean")] * 5,
    *(
        Recipe("label swap", rate)
        for rate in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
    ),
    *(Recipe("duplicates", rows) for rows in (1, 2, 3, 5, 8)),
    *(Recipe("noise", *how) for how in ((0.5,), (1,), (2,), (1, 0.5), (3, 0.5))),
    *[Recipe("mixture")] * 10,
)
IMAGES = (
    *COMMON,
    *(Recipe("class swap", pairs) for pairs in (1, 2, 3, 4)),
    *(Recipe("blur", *how) for how in ((0.05,), (0.1,), (0.15,), (0.15, 0.5))),
    *(Recipe("inversion", 1, share) for share in (0.25, 0.5, 1)),
    *(Recipe("rotation", *how) for how in ((20,), (45,), (90,), (180, 0.5))),
    *(Recipe("shift", *how) for how in ((0.07,), (0.15,), (0.3,), (0.3, 0.5))),
    *(Recipe("offset", *how) for how in ((0.5,), (1.5,))),
    *(Recipe("domain", 1, share) for share in (0.25, 0.5, 0.75, 1)),
)
TABLES = (
    *COMMON,
    *(Recipe("column shuffle", *how) for how in ((0.25,), (0.5,), (0.75,), (1, 0.5))),
    *(Recipe("column shift", *how) for how in ((0.5,), (1,), (2,), (2, 0.5))),
    *(Recipe("column scale", *how) for how in ((0.25,), (4,), (0, 1), (4, 0.5))),
    *(Recipe("column mirror", *how) for how in ((0.25,), (0.5,), (1, 0.5), (0.5, 0.5))),
    *(Recipe("blank cells", *how) for how in ((0.25,), (0.5,), (0.75,), (0.75, 0.5))),
    *(Recipe("class swap", pairs) for pairs in (1, 2, 3, 4)),
)


def recipes_for(inputs: Inputs, num_classes: int, scale: Scale) -> list[Recipe]:
    """Recipes that fit: those of images or tables, and of several classes or another domain."""
    every = IMAGES if inputs.ndim == 4 else TABLES
    fits = {
        "class swap": num_classes >= 8,
        "domain": scale.to_domain is not None,
    }
    return [recipe for recipe in every if fits.get(recipe.kind, True)]


def steps_of(recipe: Recipe, choices: list[Recipe], key: PRNGKey) -> tuple[Recipe, ...]:
    """The recipe itself; of a mixture, a random change of inputs with swaps or duplicates."""
    if recipe.kind != "mixture":
        return (recipe,)
    first, second, third, fourth = jax.random.split(key, 4)
    changes = [choice for choice in choices if choice.kind in CHANGES]
    others = [choice for choice in choices if choice.kind in (*SWAPS, "duplicates")]
    steps = (_pick(others, first), _pick(changes, second))
    return steps if jax.random.bernoulli(third) else (*steps, _pick(changes, fourth))


def _pick(choices: list[Recipe], key: PRNGKey) -> Recipe:
    return choices[int(jax.random.randint(key, (), 0, len(choices)))]


def swap(targets: Labels, recipe: Recipe, key: PRNGKey) -> Labels:
    """Labels after a swap; a class swap exchanges 60 % of each pair."""
    if recipe.kind == "label swap":
        return degradation.swap_labels(targets, fraction=recipe.strength, key=key)
    return degradation.swap_classes(targets, num_pairs=int(recipe.strength), fraction=0.6, key=key)


def change(inputs: Inputs, recipe: Recipe, scale: Scale, key: PRNGKey) -> Inputs:
    """Inputs with the recipe's share of rows changed."""
    pick_key, change_key = jax.random.split(key)
    count = round(recipe.share * len(inputs))
    rows = np.sort(np.asarray(jax.random.permutation(pick_key, len(inputs)))[:count])
    changed = inputs.copy()
    changed[rows] = CHANGES[recipe.kind](inputs[rows], recipe.strength, scale, change_key)
    return changed


def repeat_rows(targets: Labels, recipe: Recipe, key: PRNGKey) -> Int[np.ndarray, " n"]:
    """The row that takes each row's place; strength is the distinct rows left of a class."""
    return degradation.repeat_rows(targets, num_distinct=int(recipe.strength), key=key)
