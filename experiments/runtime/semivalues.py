"""Semivalues as configurations name them: the options of `Sampling` beside the value's own."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from jaxtyping import ScalarLike

from davinz_jax import Sampling, Stopping, Valuation
from davinz_jax.semivalues.sampling import Method
from experiments.runtime.errors import InputError, nearest


def with_sampling(
    of: Callable[..., Valuation],
    *,
    method: Method = "auto",
    num_samples: int | None = None,
    checkpoint_seconds: ScalarLike = 20.0,
    stopping: Stopping | None = None,
    **settings: Any,
) -> Callable[..., Valuation]:
    """A semivalue that is sampled in one way.

    Args:
        of: the semivalue, which takes `sampling`.
        method: as in `Sampling`, and so are the next three.
        num_samples: budget.
        checkpoint_seconds: least time between two checkpoints.
        stopping: rules that end sampling before the budget.
        **settings: what else the semivalue takes.

    Raises:
        InputError: for a setting that the semivalue does not take.
    """
    own = set(inspect.signature(of).parameters)
    known = own | set(inspect.signature(with_sampling).parameters) - {"of", "settings"}
    for name in settings.keys() - own:
        raise InputError(f"semivalue.{name}: unknown option; {nearest(name, known)}")
    sampling = Sampling(method, num_samples, stopping, checkpoint_seconds)
    return partial(of, sampling=sampling, **settings)
