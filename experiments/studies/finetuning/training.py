"""Fine-tuning of an encoder's last layers and head, from what the frozen layers below give."""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jaxtyping import Bool, Float, Int

from davinz_jax.models.bert import BERT, Layer
from davinz_jax.types import Variables
from experiments.studies.finetuning.problem import Problem

BATCH, RATE = 32, 2e-4
"""Rows of a step, and Adam's rate."""


def tuned_layers(count: int, num_layers: int) -> str:
    """Pattern of the parameters of the last few layers and the head.

    >>> tuned_layers(2, 6)
    'layer_(4|5)/|head'
    """
    numbers = "|".join(str(number) for number in range(num_layers - count, num_layers))
    return f"layer_({numbers})/|head"


def frozen_states(
    problem: Problem, inputs: Int[np.ndarray, "n t"], num_tuned: int, *, batch: int = 100
) -> Float[np.ndarray, "n t d"]:
    """States that enter the first layer that is tuned."""
    model = problem.model
    below = replace(model.shape, num_layers=model.shape.num_layers - num_tuned)
    run = jax.jit(lambda rows: BERT(below).apply(problem.variables, rows, method="states"))
    starts = range(0, len(inputs), batch)
    return np.concatenate([np.asarray(run(inputs[start : start + batch])) for start in starts])


class Tuner:
    """Trains the last layers on some rows, and says how well they do on the validation rows.

    Args:
        problem: rows and encoder.
        num_tuned: layers trained, beside the head.
        num_epochs: passes over the rows.
    """

    def __init__(self, problem: Problem, num_tuned: int, num_epochs: int) -> None:
        self.problem, self.num_epochs = problem, num_epochs
        self._tail = _Tail(problem.model, num_tuned)
        inputs, judged = problem.dataset.inputs, problem.dataset.validation.inputs
        pad = problem.model.shape.pad
        self._rows = frozen_states(problem, inputs, num_tuned), inputs != pad
        self._judged = frozen_states(problem, judged, num_tuned), judged != pad
        self._optimiser, self._run = optax.adam(RATE), jax.jit(self._tail.apply)

    def accuracy(self, rows: Int[np.ndarray, " r"], seed: int) -> float:
        """Accuracy on the validation rows of a network tuned on some rows; the seed draws the rest.

        Args:
            rows: rows trained on, with the labels that they have.
            seed: of the head and of the order of rows.
        """
        generator = np.random.default_rng(seed)
        params = self._tail.start(self.problem.variables, jax.random.key(seed))
        state = self._optimiser.init(params)
        size = min(BATCH, len(rows))
        for _ in range(self.num_epochs):
            order = generator.permutation(rows)
            for start in range(0, len(rows) - size + 1, size):
                few = order[start : start + size]
                states, mask = (part[few] for part in self._rows)
                labels = self.problem.dataset.targets[few]
                params, state = self._step(params, state, states, mask, labels)
        return self._score(params)

    @partial(jax.jit, static_argnums=0)
    def _step(
        self,
        params: Any,
        state: Any,
        states: Float[jax.Array, "b t d"],
        mask: Bool[jax.Array, "b t"],
        labels: Int[jax.Array, " b"],
    ) -> tuple[Any, Any]:
        def loss(params: Any) -> Float[jax.Array, ""]:
            outputs = self._tail.apply(params, states, mask)
            return optax.softmax_cross_entropy_with_integer_labels(outputs, labels).mean()

        updates, state = self._optimiser.update(jax.grad(loss)(params), state)
        return optax.apply_updates(params, updates), state

    def _score(self, params: Any) -> float:
        right = 0
        for start in range(0, len(self._judged[0]), 100):
            few = slice(start, start + 100)
            outputs = self._run(params, *(part[few] for part in self._judged))
            right += int((np.argmax(outputs, 1) == self.problem.validation_labels[few]).sum())
        return right / len(self._judged[0])


class _Tail:
    """The last layers of an encoder and its head, as a function of their parameters."""

    def __init__(self, model: BERT, num_tuned: int) -> None:
        num_layers = model.shape.num_layers
        self.model = model
        self.names = [f"layer_{number}" for number in range(num_layers - num_tuned, num_layers)]

    def start(self, variables: Variables, key: Any) -> dict[str, Any]:
        """Pretrained layers, and a head drawn by the key."""
        encoder = variables["params"]["encoder"]
        state = jnp.zeros((1, self.model.shape.width))
        head = nn.Dense(self.model.num_outputs).init(key, state)["params"]
        return {**{name: encoder[name] for name in self.names}, "head": head}

    def apply(
        self, params: Any, states: Float[jax.Array, "b t d"], mask: Bool[jax.Array, "b t"]
    ) -> Float[jax.Array, "b k"]:
        """Outputs, from the states below."""
        for name in self.names:
            layer = Layer(self.model.shape)
            states = jnp.asarray(layer.apply({"params": params[name]}, states, mask))
        pooled = self.model.pool_states(states, mask)
        head = nn.Dense(self.model.num_outputs)
        return jnp.asarray(head.apply({"params": params["head"]}, pooled))
