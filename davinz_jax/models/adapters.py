"""Networks of flax.nnx and of Equinox as Flax Linen modules, so that all that takes a module does.

A class, or a `functools.partial` of one, is drawn anew by each key: an NNX class is called with
`rngs`, an Equinox class with `key`. An instance is a network at the weights that it has, whatever
the key, such as one that was trained.
"""

import inspect
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
from flax import linen as nn
from flax import nnx
from flax.core import FrozenDict
from jaxtyping import Float, Num

from davinz_jax.types import Array, PRNGKey


class Adapter(nn.Module):
    """What makes a network of another library; its parameters are below `network`.

    Attributes:
        make: class or function.
        args: what it is called with.
        settings: likewise, by name; the random numbers come beside.
    """

    make: Callable[..., Any]
    args: tuple[Any, ...] = ()
    settings: FrozenDict[str, Any] = FrozenDict()


class NNXNetwork(Adapter):
    """A network of flax.nnx; BatchNorm and Dropout are in training mode where `train` says so."""

    @nn.compact
    def __call__(self, inputs: Num[Array, "n ..."], *, train: bool = False) -> Float[Array, "n k"]:
        """Outputs for a batch of rows."""
        is_drawn = "rngs" in signature_of(self.make).parameters
        make = partial(_draw, self.make) if is_drawn else self.make
        network = nnx.bridge.ToLinen(
            make, self.args, self.settings, skip_rng=not is_drawn, name="network"
        )
        return network(inputs, nnx_method=_train if train else _evaluate)


def _draw(make: Callable[..., Any], *args: Any, rngs: nnx.Rngs, **settings: Any) -> Any:
    """A network whose every draw is by the key of the parameters, where that is given."""
    if "params" in rngs:
        rngs = nnx.Rngs(rngs.params())
    return make(*args, rngs=rngs, **settings)


def _train(model: Any, inputs: Num[Array, "n ..."]) -> Float[Array, "n k"]:
    model.train()
    return model(inputs)


def _evaluate(model: Any, inputs: Num[Array, "n ..."]) -> Float[Array, "n k"]:
    model.eval()
    return model(inputs)


class EquinoxNetwork(Adapter):
    """A network of Equinox, written for one row, in inference mode.

    Its arrays of real numbers are the parameters, by the names of its fields.
    """

    @nn.compact
    def __call__(self, inputs: Num[Array, "n ..."]) -> Float[Array, "n k"]:
        """Outputs for a batch of rows."""
        import equinox

        def split(key: PRNGKey) -> tuple[Any, Any]:
            made = self.make(*self.args, **self.settings, key=key)
            model = equinox.nn.inference_mode(made)
            return equinox.partition(model, equinox.is_inexact_array)

        drawn = self.param("network", lambda key: _by_name(split(key)[0]))
        params, rest = split(jax.random.key(0))
        leaves, tree = jax.tree.flatten(params)
        names = _by_name(jax.tree.unflatten(tree, range(len(leaves))))
        placed = dict(zip(jax.tree.leaves(names), jax.tree.leaves(drawn), strict=True))
        params = jax.tree.unflatten(tree, [placed[at] for at in range(len(leaves))])
        return jax.vmap(equinox.combine(params, rest))(inputs)


def _by_name(params: Any) -> dict[str, Any]:
    """Leaves of an Equinox network in nested dicts, by the names of its fields."""
    nested: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
        *outer, last = (jax.tree_util.keystr((step,), simple=True) for step in path)
        within = nested
        for name in outer:
            within = within.setdefault(name, {})
        within[last] = leaf
    return nested


def as_linen(model: Any) -> Any:
    """A Linen module of a network of NNX or Equinox; anything else as it is.

    Args:
        model: a class of either, a `functools.partial` of one, or an instance.

    Raises:
        ValueError: for a class that lacks a setting.
    """
    make = model if isinstance(model, partial) else partial(model) if callable(model) else None
    adapter = None if make is None else _adapter(make.func)
    if make is not None and adapter is not None:
        _check_settings(make)
        return adapter(make.func, make.args, FrozenDict(make.keywords))
    if isinstance(model, nnx.Module):
        return NNXNetwork(nnx.clone, (model,))
    if (adapter := _adapter(type(model))) is not None:
        return adapter(_same, (model,))
    return model


def signature_of(make: Callable[..., Any]) -> inspect.Signature:
    """Arguments of a function or class; those of an NNX class are hidden by its metaclass."""
    if isinstance(make, type) and issubclass(make, nnx.Module):
        own = inspect.signature(make.__init__)
        return own.replace(parameters=list(own.parameters.values())[1:])
    return inspect.signature(make)


def drawn_with(make: Any) -> str | None:
    """Name of the argument by which a class of NNX or Equinox is given its random numbers."""
    if (adapter := _adapter(make)) is None:
        return None
    if adapter is EquinoxNetwork:
        return "key"
    return "rngs" if "rngs" in signature_of(make).parameters else None


def _adapter(make: Any) -> type[Adapter] | None:
    """What adapts a class; None for one of neither library."""
    if not isinstance(make, type):
        return None
    if issubclass(make, nnx.Module):
        return NNXNetwork
    library = sys.modules.get("equinox")  # a class of it was made by whoever imported it
    return EquinoxNetwork if library is not None and issubclass(make, library.Module) else None


def _check_settings(make: partial[Any]) -> None:
    """Refuse a class that cannot be called with its settings and random numbers."""
    drawn = drawn_with(make.func)
    given = make.keywords | ({drawn: None} if drawn else {})
    try:
        signature_of(make.func).bind(*make.args, **given)
    except TypeError as error:
        name = make.func.__name__
        raise ValueError(
            f"model: wanted every setting of {name}, got others: {error}; give an instance, or "
            f"functools.partial({name}, NAME=...)"
        ) from error


def _same(model: Any, *, key: PRNGKey) -> Any:
    del key
    return model
