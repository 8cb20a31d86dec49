"""Empirical tangent kernels: engines behind one signature, blocks, residuals.

`empirical_ntk` gives the kernel of any rows, `tangent_kernel` that of a dataset in diagonal blocks
for several initialisations, as a `TangentKernel`. Engines: `LayerwiseEngine` and
`NeuralTangentsEngine`, or any `Engine`. `join_hosts` lets several processes share a kernel.
"""

from davinz_jax.ntk.empirical import empirical_ntk, tangent_kernel
from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.engines.neural_tangents import NeuralTangentsEngine
from davinz_jax.ntk.execution.forecast import Forecast
from davinz_jax.ntk.hosts import LostProcessError, join_hosts, together
from davinz_jax.ntk.partition import block_rows
from davinz_jax.ntk.tangent_kernel import TangentKernel

__all__ = [
    "Engine",
    "Forecast",
    "LayerwiseEngine",
    "LostProcessError",
    "NeuralTangentsEngine",
    "TangentKernel",
    "block_rows",
    "empirical_ntk",
    "join_hosts",
    "tangent_kernel",
    "together",
]
