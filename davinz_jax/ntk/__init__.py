"""Empirical tangent kernels: K_ij = ⟨∇g(x_i), ∇g(x_j)⟩ over a network's parameters.

The definition is on this floor: `empirical` (the kernel of any rows, and of a dataset), `outputs`
(which outputs g it sees, and the residuals it is to explain), `parameters` (which leaves are
differentiated), `partition` (diagonal blocks), `tangent_kernel` (the result), `finite` (what is
refused). Below are two rooms of machinery: `engines` compute a tile of a kernel from a model,
`execution` fits all tiles into memory and shares them among devices, workers and runs.
"""

from davinz_jax.ntk.empirical import empirical_ntk, tangent_kernel
from davinz_jax.ntk.engines.base import Engine
from davinz_jax.ntk.engines.layerwise import LayerwiseEngine
from davinz_jax.ntk.engines.layerwise.coverage import Coverage, survey
from davinz_jax.ntk.engines.neural_tangents import NeuralTangentsEngine
from davinz_jax.ntk.execution.forecast import Forecast
from davinz_jax.ntk.execution.verified import EngineFaultError, EngineFaultWarning
from davinz_jax.ntk.partition import block_rows
from davinz_jax.ntk.tangent_kernel import TangentKernel

__all__ = [
    "Coverage",
    "Engine",
    "EngineFaultError",
    "EngineFaultWarning",
    "Forecast",
    "LayerwiseEngine",
    "NeuralTangentsEngine",
    "TangentKernel",
    "block_rows",
    "empirical_ntk",
    "survey",
    "tangent_kernel",
]
