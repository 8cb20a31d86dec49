"""The inverse Hessian of the training loss, damped, applied to a vector by two methods.

LiSSA iterates h ← v + (1 - d) h - H_B h / s over random minibatches B; its fixed point divided by
s is (H + d s I)⁻¹ v. Conjugate gradients solve (H + d I) x = v on all rows. Vectors are trees of
parameters; BatchNorm is in its fixed form.
"""

import functools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax.flatten_util import ravel_pytree
from jaxtyping import Num, ScalarLike
from scipy.sparse.linalg import LinearOperator, cg

from davinz_jax.models import apply_function
from davinz_jax.training import row_losses
from davinz_jax.types import Apply, PRNGKey, Task, Variables


class Objective(NamedTuple):
    """Row losses of a network as a function of its parameters.

    Attributes:
        apply: the network.
        others: its variables beside the parameters.
        task: what the targets are.
    """

    apply: Apply
    others: dict[str, Any]
    task: Task

    def losses(self, params: Any, inputs: jax.Array, targets: jax.Array) -> jax.Array:
        """Loss of each row."""
        outputs = self.apply({"params": params, **self.others}, inputs)
        return row_losses(outputs, targets, self.task)

    def mean(self, params: Any, inputs: jax.Array, targets: jax.Array) -> jax.Array:
        """Mean loss."""
        return jnp.mean(self.losses(params, inputs, targets))

    def product(self, params: Any, vector: Any, inputs: jax.Array, targets: jax.Array) -> Any:
        """Hessian of the mean loss, times a vector."""
        gradient = jax.grad(lambda p: self.mean(p, inputs, targets))
        return jax.jvp(gradient, (params,), (vector,))[1]


def objective(module: nn.Module, variables: Variables, task: Task) -> Objective:
    """Row losses of a module around given variables."""
    others = {name: value for name, value in variables.items() if name != "params"}
    return Objective(apply_function(module), others, task)


def batches(
    inputs: Num[jax.Array | np.ndarray, "n ..."],
    targets: Num[jax.Array | np.ndarray, " n"],
    batch_size: int,
) -> Iterator[tuple[jax.Array, jax.Array]]:
    """Rows and their targets, in order, so many at a time."""
    for begin in range(0, len(inputs), batch_size):
        rows = slice(begin, begin + batch_size)
        yield jnp.asarray(inputs[rows]), jnp.asarray(targets[rows])


def lissa(
    problem: Objective,
    params: Any,
    vector: Any,
    inputs: Num[jax.Array | np.ndarray, "n ..."],
    targets: Num[jax.Array | np.ndarray, " n"],
    *,
    key: PRNGKey,
    num_repeats: int = 10,
    depth: int = 100,
    scale: ScalarLike = 25.0,
    damping: ScalarLike = 0.01,
    batch_size: int = 128,
) -> Any:
    """(H + damping·scale·I)⁻¹ v by stochastic iteration, averaged over repeats.

    Args:
        problem: the losses.
        params: where the Hessian is taken.
        vector: v.
        inputs: training rows.
        targets: their targets.
        key: decides the minibatches.
        num_repeats: independent runs.
        depth: iterations a run.
        scale: s, larger than the Hessian's largest eigenvalue, or the iteration diverges.
        damping: d.
        batch_size: rows of a minibatch.

    Returns:
        A tree like `params`; not finite if the iteration diverged.

    References:
        Agarwal et al. 2017 (`agarwal2017lissa`), with the numbers of Wu et al. 2022.
    """
    size = min(batch_size, len(inputs))
    inputs, targets = jnp.asarray(inputs), jnp.asarray(targets)

    @jax.jit
    def iterate(current: Any, step_key: PRNGKey) -> Any:
        rows = jax.random.choice(step_key, len(inputs), (size,), replace=False)
        product = problem.product(params, current, inputs[rows], targets[rows])
        return jax.tree.map(
            lambda v, h, p: v + (1 - damping) * h - p / scale, vector, current, product
        )

    # On the host: a processor convolves slowly inside compiled loops.
    runs = []
    for run_key in jax.random.split(key, num_repeats):
        runs.append(functools.reduce(iterate, jax.random.split(run_key, depth), vector))
    return jax.tree.map(lambda *leaves: jnp.mean(jnp.stack(leaves), axis=0) / scale, *runs)


def conjugate_gradients(
    problem: Objective,
    params: Any,
    vector: Any,
    inputs: Num[jax.Array | np.ndarray, "n ..."],
    targets: Num[jax.Array | np.ndarray, " n"],
    *,
    damping: ScalarLike = 0.25,
    max_iterations: int = 100,
    tolerance: float = 1e-4,
    batch_size: int = 1024,
) -> Any:
    """(H + damping·I)⁻¹ v on all rows; arguments as in `lissa`.

    Args:
        problem: the losses.
        params: where the Hessian is taken.
        vector: v.
        inputs: training rows.
        targets: their targets.
        damping: larger than minus the Hessian's smallest eigenvalue; LiSSA's defaults amount to
            0.01·25 = 0.25.
        max_iterations: products with the Hessian at most.
        tolerance: of the residual, relative to v.
        batch_size: rows of a product at once.
    """
    flat, restore = ravel_pytree(vector)
    data = list(batches(inputs, targets, batch_size))
    part = jax.jit(
        lambda h, x, y: ravel_pytree(problem.product(params, restore(h), x, y))[0] * len(x)
    )

    def product(current: np.ndarray) -> np.ndarray:
        own = jnp.asarray(current, flat.dtype)
        total = functools.reduce(jnp.add, (part(own, x, y) for x, y in data))
        return np.asarray(total / len(inputs) + damping * own, np.float64)

    # On the host: a processor convolves slowly inside compiled loops.
    operator = LinearOperator((flat.size, flat.size), matvec=product)  # pyright: ignore
    wanted = np.asarray(flat, np.float64)
    solution, _ = cg(operator, wanted, rtol=tolerance, maxiter=max_iterations)
    return restore(jnp.asarray(solution, flat.dtype))
