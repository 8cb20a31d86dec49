"""Names shared by all floors: what a network, a choice and a utility look like from outside.

A network is a pure function `apply(variables, inputs) -> (n, k)`. A utility is a real function on
coalitions of players, given as a sum of named terms and, where networks are drawn at random, once
per initialisation; every semivalue is linear in it, so values split into the same terms.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import jax
import numpy as np
from jaxtyping import Bool, Float, Int, Key

Array = jax.Array | np.ndarray
"""An array on a device or on the host."""

Variables = Mapping[str, Any]
"""Flax variables: the collection `params` and, for BatchNorm, `batch_stats`."""

PRNGKey = Key[jax.Array, ""]
"""A typed JAX random key, as from `jax.random.key`."""

Task = Literal["classification", "regression"]
Output = Literal["label", "trace", "first", "scalar"]
"""Which outputs the tangent kernel sees: own-label logit, all logits, the first of them for all, or
the one output."""

InputKind = Literal["numbers", "tokens"]
"""What inputs are: numbers, which may be compared as they are; or ids of tokens, which may not."""

ParameterChoice = str
"""Which parameters are differentiated: `weights`, kernels of convolution and linear layers (the
paper's); `all`; or those whose path a pattern is found in."""

Precision = Literal["full", "bfloat16"]
"""In which gradients are cached and multiplied: the network's own, or eight bits of mantissa."""

Progress = Callable[[int, int, str], None]
"""Called with work done, work in all, and the name of the stage."""


@runtime_checkable
class Apply(Protocol):
    """A network as kernels know it: variables and (n, ...) inputs to (n, k) outputs."""

    def __call__(self, variables: Variables, inputs: Any, /) -> jax.Array:
        """Outputs (n, k) of the inputs."""
        ...


@runtime_checkable
class Utility(Protocol):
    """A real function on coalitions, in named additive terms, once per initialisation.

    All answers are float64 on the host, of shape (terms, initialisations, ...); a coalition's
    utility is the sum over terms. Lengths: t terms, i initialisations, p players, c coalitions.
    """

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the p players."""
        ...

    @property
    def player_sizes(self) -> Int[np.ndarray, " p"]:
        """Rows that each player holds."""
        ...

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the t additive terms, e.g. ("complexity", "discrepancy")."""
        ...

    @property
    def num_initialisations(self) -> int:
        """Independent draws of the network over which the utility is repeated."""
        ...

    def grand(self) -> Float[np.ndarray, "t i"]:
        """Utility of all players together."""
        ...

    def coalitions(self, members: Bool[np.ndarray, "c p"]) -> Float[np.ndarray, "t i c"]:
        """Utilities of the coalitions whose members are marked."""
        ...

    def power_set(self) -> Float[np.ndarray, "t i s"]:
        """Utilities of all s = 2^p coalitions; bit j of the index marks player j."""
        ...

    def prefixes(self, permutation: Int[np.ndarray, " p"]) -> Float[np.ndarray, "t i q"]:
        """Utilities of the q = p + 1 prefixes of a permutation, the empty one first."""
        ...

    def leave_one_out(self) -> Float[np.ndarray, "t i p"]:
        """Marginals u(N) - u(N without j) of every player j."""
        ...

    def describe(self) -> dict[str, Any]:
        """What defines this utility (kind, ridge, kappa, data hash, ...), as JSON would hold it."""
        ...
