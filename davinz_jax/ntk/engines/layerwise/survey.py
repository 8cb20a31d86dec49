"""Finds the layers of a model that interception covers, and how each is best contracted.

The model is traced twice on one row. First every Dense and Conv module that is called is noted. One
is covered if it is plain, called once, and holds the very leaves of the variables that were
passed: a lifted transform, a cast or a shared name gives it others. Plain is a Conv by XLA's
convolution, or by a function whose attribute `computes` names that. A call within a trace of its
own (plain `jax.checkpoint`, `jit`, `scan`, `cond`, `map`) is not seen at all, since nothing may
leave that trace. Then each covered layer's output is replaced by a probe; a leaf that the outputs
still depend on is used elsewhere too, and its layer is not covered. Leaves of no covered layer go
by Jacobian, which is always exact.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.linen.dtypes import promote_dtype
from jax import lax
from jax.extend.core import get_opaque_trace_state
from jaxtyping import Float, Num, Shaped

from davinz_jax.ntk.engines.layerwise.layer import Layer, conv_layer, dense_layer, window_meets
from davinz_jax.ntk.outputs import Network, example_row
from davinz_jax.ntk.parameters import Parameters, merge_variables, split_variables
from davinz_jax.types import Array, Precision, Variables

Form = Literal["gradient", "patches", "pixels"]
"""How a layer's gradients are cached and contracted: as they are, or as factors, by products of
inputs (of pixels or of patches) and of signals between positions."""

Call = Callable[[], Shaped[Array, "..."]]
"""Gives a module's own output."""

_WRITING = 485
"""Cost of keeping one number of a row's gradient, in multiply-adds of a large matrix product:
memory is slow beside products, and forming the gradient costs no more than the backward pass."""
_PRODUCT = 3
"""Cost of a multiply-add in products of positions, whose matrices are small, likewise."""
_ELEMENTWISE = 70
"""Cost of an elementwise multiply-add, likewise; all are fitted to times on a CPU."""


@dataclass(frozen=True)
class Survey:
    """What interception found; hashable, so that it can be static under jit.

    Attributes:
        layers: covered layers.
        forms: form of each covered layer.
        remaining: paths of chosen leaves that go by Jacobian.
        num_remaining: parameters of these leaves.
        num_modules: calls of Linen modules seen; 0 for a model that is not Linen.
        num_logits: outputs of the model.
        logits_per_pass: logits whose gradients one pass takes.
        precision: in which gradients and factors are cached and multiplied.
    """

    layers: tuple[Layer, ...]
    forms: tuple[Form, ...]
    remaining: tuple[str, ...]
    num_remaining: int
    num_modules: int
    num_logits: int
    logits_per_pass: int = 1
    precision: Precision = "full"

    @property
    def num_features(self) -> int:
        """Numbers that a row's gradients take, of the layers in this form."""
        counts = (
            layer.num_parameters
            for layer, form in zip(self.layers, self.forms, strict=True)
            if form == "gradient"
        )
        return self.logits_per_pass * (self.num_remaining + sum(counts))

    def with_logits(self, logits_per_pass: int, *, block_size: int) -> "Survey":
        """The survey with so many logits in one pass, and the forms that are then cheapest."""
        forms = tuple(cheapest_form(layer, block_size, logits_per_pass) for layer in self.layers)
        return replace(self, logits_per_pass=logits_per_pass, forms=forms)

    def factored_layers(self) -> list[tuple[Layer, Form]]:
        """Layers that are kept as inputs and signals."""
        pairs = zip(self.layers, self.forms, strict=True)
        return [(layer, form) for layer, form in pairs if form != "gradient"]


def survey_network(
    network: Network, variables: Variables, inputs: Num[Array, "n ..."], *, block_size: int
) -> Survey:
    """Covered layers and their forms, for kernels of each row with `block_size` others."""
    chosen, rest = split_variables(variables, parameters=network.parameters)
    row = example_row(inputs)
    found, num_modules = _find_layers(network, chosen, rest, row)
    used = _find_other_uses(network, chosen, rest, row, found)
    layers = tuple(layer for layer in found if not used.intersection(layer.leaves))
    covered = {leaf for layer in layers for leaf in layer.leaves}
    remaining = tuple(path for path in chosen if path not in covered)
    return Survey(
        layers,
        tuple(cheapest_form(layer, block_size) for layer in layers),
        remaining,
        sum(int(np.prod(chosen[path].shape)) for path in remaining),
        num_modules,
        jax.eval_shape(network.apply, variables, row).shape[1],
    )


class FormCost(NamedTuple):
    """Multiply-adds of a form, in those of a large matrix product: of a row, and of a pair."""

    row: float
    pair: float


def form_cost(layer: Layer, form: Form, logits_per_pass: int) -> FormCost:
    """What one layer costs beyond its passes, in one form, for the logits of one pass.

    Products of inputs serve all of these logits; gradients and signals are each one's own.
    """
    if form == "gradient":
        count = logits_per_pass * layer.num_parameters
        return FormCost(count * _WRITING, count)
    signals = logits_per_pass * layer.positions**2 * layer.channels_out
    if form == "patches":
        inputs, elementwise = layer.positions**2 * layer.patch_size, layer.positions**2
    else:
        inputs = layer.positions_in**2 * layer.channels_in
        elementwise = math.prod(
            sum((out.stop - out.start) ** 2 for out, _ in window_meets(layer, axis))
            for axis in range(len(layer.window))
        )
    products = _PRODUCT * (inputs + signals)
    return FormCost(0, products + _ELEMENTWISE * elementwise * layer.groups)


def cheapest_form(layer: Layer, block_size: int, logits_per_pass: int = 1) -> Form:
    """The form with the fewest operations a row, if the row meets `block_size` others.

    A symmetric tile takes half the products.
    """

    def cost(form: Form) -> float:
        row, pair = form_cost(layer, form, logits_per_pass)
        return row + block_size * pair / 2

    return min(get_args(Form), key=cost)


def intercept(
    handle: Callable[[nn.Module, str, Shaped[Array, "..."], Call], Shaped[Array, "..."]],
) -> AbstractContextManager[Any]:
    """Context in which calls of plain Dense and Conv modules go through `handle`.

    Only those made in the trace in which the context is made: what is taken from another one, as
    of a loop or a checkpoint within, would outlive it. `handle` gets the module, its path, the
    inputs, and a thunk that gives the module's own output.
    """
    trace = get_opaque_trace_state()

    def interceptor(next_fun: Any, args: Any, kwargs: Any, context: Any) -> Any:
        is_layer = context.method_name == "__call__" and type(context.module) in (nn.Dense, nn.Conv)
        if not is_layer or get_opaque_trace_state() != trace:
            return next_fun(*args, **kwargs)
        inputs = args[0] if args else kwargs["inputs"]
        path = "['params']" + "".join(f"[{name!r}]" for name in context.module.path)
        return handle(context.module, path, inputs, lambda: next_fun(*args, **kwargs))

    return nn.intercept_methods(interceptor)


def _find_layers(
    network: Network, chosen: Parameters, rest: Variables, row: jax.ShapeDtypeStruct
) -> tuple[list[Layer], int]:
    """Layers that may be covered, and how many calls of Linen modules there were."""
    layers: dict[str, Layer | None] = {}
    calls = [0]

    def count(next_fun: Any, args: Any, kwargs: Any, context: Any) -> Any:
        calls[0] += 1
        return next_fun(*args, **kwargs)

    def trace(chosen: Parameters, rest: Variables, row: Num[Array, "1 ..."]) -> Float[Array, "1 k"]:
        def note(
            module: nn.Module, path: str, inputs: Shaped[Array, "..."], call: Call
        ) -> Shaped[Array, "..."]:
            output = call()
            # An input that is no tracer, as of a table of positions, is the same for every row.
            can_be_covered = path not in layers and type(inputs) is type(row)
            found = _read_layer(module, path, inputs, output, chosen) if can_be_covered else None
            layers[path] = found
            return output

        with nn.intercept_methods(count), intercept(note):
            return network.apply(merge_variables(chosen, rest), row)

    jax.eval_shape(trace, chosen, rest, row)
    return [layer for layer in layers.values() if layer is not None], calls[0]


def _read_layer(
    module: nn.Module,
    path: str,
    inputs: Shaped[Array, "..."],
    output: Shaped[Array, "..."],
    chosen: Parameters,
) -> Layer | None:
    """Geometry of a module that may be covered, or None."""
    if not _is_plain(module):
        return None
    own = module.variables["params"]
    kernel, bias = own["kernel"], own.get("bias")
    if chosen.get(f"{path}['kernel']") is not kernel or kernel.dtype != output.dtype:
        return None
    with_bias = bias is not None and f"{path}['bias']" in chosen
    if with_bias and chosen[f"{path}['bias']"] is not bias:
        return None
    make = dense_layer if isinstance(module, nn.Dense) else conv_layer
    return make(module, path, inputs, output, with_bias)  # type: ignore[arg-type]


def _is_plain(module: nn.Module) -> bool:
    """Whether a module does with its kernel what its fields say, and no more."""
    special = ("mask", "dot_general", "dot_general_cls", "conv_general_dilated_cls")
    if any(getattr(module, name, None) is not None for name in special):
        return False
    if getattr(module, "promote_dtype", promote_dtype) is not promote_dtype:
        return False
    convolution = getattr(module, "conv_general_dilated", None)
    return convolution is None or (
        getattr(convolution, "computes", convolution) is lax.conv_general_dilated
    )


def _find_other_uses(
    network: Network,
    chosen: Parameters,
    rest: Variables,
    row: jax.ShapeDtypeStruct,
    layers: list[Layer],
) -> set[str]:
    """Leaves of these layers that the model reads beside its calls of them."""
    probes = {layer.path: jax.ShapeDtypeStruct((), jnp.dtype(layer.dtype)) for layer in layers}
    by_path = {layer.path: layer for layer in layers}

    def trace(
        chosen: Parameters,
        rest: Variables,
        row: Num[Array, "1 ..."],
        probes: dict[str, Float[Array, ""]],
    ) -> Float[Array, "1 k"]:
        def replace_output(
            module: nn.Module, path: str, inputs: Shaped[Array, "..."], call: Call
        ) -> Shaped[Array, "..."]:
            if path not in by_path:
                return call()
            shape = (*inputs.shape[:1], *by_path[path].space_out, by_path[path].channels_out)
            if isinstance(module, nn.Dense):
                shape = (*inputs.shape[:-1], by_path[path].channels_out)
            return jnp.broadcast_to(probes[path], shape)

        with intercept(replace_output):
            return network.apply(merge_variables(chosen, rest), row)

    closed = jax.make_jaxpr(trace)(chosen, rest, row, probes)
    read = {id(var) for equation in closed.jaxpr.eqns for var in equation.invars}
    read |= {id(var) for var in closed.jaxpr.outvars}
    own = closed.jaxpr.invars[: len(chosen)]
    return {path for path, var in zip(sorted(chosen), own, strict=True) if id(var) in read}
