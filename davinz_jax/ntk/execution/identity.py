"""What a kernel is of: everything that its bytes depend on, by name, so that it is known again.

A store is refused to another kernel by it.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, Num, Shaped

from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.execution.plan import Plan
from davinz_jax.ntk.outputs import Network, Rows, example_row
from davinz_jax.ntk.parameters import Parameters, kernel_dtype, merge_variables, split_variables
from davinz_jax.types import Array, Variables


def kernel_identity(
    plan: Plan, drawn: Sequence[Variables], rows: Rows, partition: Int[np.ndarray, "b s"]
) -> dict[str, str]:
    """Everything a kernel's bytes depend on, by name: tile sizes, code and versions included."""
    network = plan.network
    return {
        "engine": plan.engine.name,
        "engine options": _engine_options(plan.engine),
        "sketch": _describe_sketch(plan.engine),
        "batch_size": str(plan.batch_size),
        "output": network.output,
        "parameters": network.parameters,
        "dtype": str(kernel_dtype(drawn[0])),
        "network": _network_hash(network, drawn[0], rows),
        "initialisations": _arrays_hash(jax.tree.leaves(list(drawn))),
        "rows": _arrays_hash([rows.inputs, rows.labels]),
        "blocks": _arrays_hash([partition]),
        "platform": jax.default_backend(),
        "davinz_jax": _code_hash(),
        **{name: version(name) for name in ("jax", "jaxlib", "neural-tangents")},
    }


def _engine_options(engine: Engine) -> str:
    """Hash of an engine's fields, the layers it found among them."""
    known = dataclasses.is_dataclass(engine)
    return hashlib.sha256(repr(engine).encode()).hexdigest()[:16] if known else engine.name


def _describe_sketch(engine: Engine) -> str:
    """Size and key of an engine's sketch."""
    sketch = engine.sketch if isinstance(engine, LayerwiseEngine) else None
    return "none" if sketch is None else f"{sketch.size} by key {sketch.seed}"


def _network_hash(network: Network, variables: Variables, rows: Rows) -> str:
    """Hash of the network's code: its lowered outputs and gradient at one row."""
    chosen, rest = split_variables(variables, parameters=network.parameters)

    def gradient(
        chosen: Parameters, rest: Variables, row: Num[Array, "1 ..."]
    ) -> tuple[Float[Array, "1 k"], tuple[Parameters]]:
        outputs, pullback = jax.vjp(
            lambda leaves: network.apply(merge_variables(leaves, rest), row), chosen
        )
        return outputs, pullback(jnp.ones_like(outputs))

    lowered = jax.jit(gradient).lower(chosen, rest, example_row(rows.inputs)).as_text()
    return hashlib.sha256(lowered.encode()).hexdigest()


def _arrays_hash(arrays: Sequence[Shaped[Array, "..."]]) -> str:
    """Hash of arrays' dtypes, shapes and bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        values = np.ascontiguousarray(array)
        digest.update(f"{values.dtype.str}{values.shape}".encode())
        digest.update(values.data)
    return digest.hexdigest()


def _code_hash() -> str:
    """Hash of the code that computes kernels, finer than its version."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}".encode() + path.read_bytes())
    return digest.hexdigest()
