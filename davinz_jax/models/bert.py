"""Encoder of token ids: BERT's layers in plain Dense, a linear head on the pooled state.

One module serves BERT, RoBERTa and DistilBERT, which differ in how positions are counted and in
whether there are types of segments. Submodules carry Hugging Face's names for BERT, so that
weights of theirs need no renaming but for a layout's own words (`models/pretrained.py`).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Bool, Float, Int

from davinz_jax.types import InputKind, Output

Pooling = Literal["mean", "cls"]
"""State that a head sees: the mean over what is no padding, or that of the first token."""

Head = Literal["drawn", "ridge"]
"""How a head comes by its weights: by a random key, or fitted to the rows' own labels."""

MASKED = -1e9
"""Added to the scores of padding, whose share of attention is then 0 in float32 and float64."""


@dataclass(frozen=True)
class EncoderShape:
    """Sizes of an encoder, and how its layout counts positions.

    Attributes:
        num_tokens: size of the vocabulary.
        width: of a hidden state.
        num_layers: of them.
        num_heads: of attention; a divisor of the width.
        inner_width: of the two linear layers between states.
        num_positions: rows of the table of positions.
        num_types: types of segments; 0 for none.
        pad: id of padding.
        separator: id that ends a segment.
        epsilon: of the norms.
        first_position: row of the first token's position; RoBERTa begins at pad + 1.
    """

    num_tokens: int = 30_522
    width: int = 384
    num_layers: int = 6
    num_heads: int = 12
    inner_width: int = 1536
    num_positions: int = 512
    num_types: int = 2
    pad: int = 0
    separator: int = 102
    epsilon: float = 1e-12
    first_position: int = 0


class BERT(nn.Module):
    """Transformer encoder with a linear head; inputs are token ids, padding by its own id.

    Attributes:
        shape: of the encoder.
        num_outputs: classes, or 1 for regression.
        pooling: state that the head sees.
        head_from: how the head comes by its weights, which this module is but told.
        usual_output: of its tangent kernel; one pass a logit is dear here.
        input_kind: of its inputs.
    """

    usual_output: ClassVar[Output] = "first"
    input_kind: ClassVar[InputKind] = "tokens"

    shape: EncoderShape = EncoderShape()
    num_outputs: int = 2
    pooling: Pooling = "mean"
    head_from: Head = "drawn"

    @property
    def knows_labels(self) -> bool:
        """Whether its outputs know the labels of the rows that its tangent kernel is of."""
        return self.head_from == "ridge"

    def setup(self) -> None:
        """The encoder and its head."""
        self.encoder = Encoder(self.shape)
        self.head = nn.Dense(self.num_outputs)

    def __call__(
        self, inputs: Int[jax.Array | np.ndarray, "n t"], *, train: bool = False
    ) -> Float[jax.Array, "n k"]:
        """Outputs for a batch of rows of token ids; `train` changes nothing here."""
        return self.head(self.pool(inputs))

    def pool(self, inputs: Int[jax.Array | np.ndarray, "n t"]) -> Float[jax.Array, "n d"]:
        """The state that the head sees: a row's features, frozen ones where it alone is fitted."""
        return self.pool_states(self.states(inputs), jnp.asarray(inputs) != self.shape.pad)

    def pool_states(
        self, states: Float[jax.Array, "n t d"], mask: Bool[jax.Array | np.ndarray, "n t"]
    ) -> Float[jax.Array, "n d"]:
        """The state that the head sees, of those of all tokens; the mask leaves padding out."""
        if self.pooling == "cls":
            return states[:, 0]
        weights = jnp.asarray(mask).astype(states.dtype)
        total = jnp.einsum("ntd,nt->nd", states, weights)
        return total / jnp.maximum(weights.sum(axis=1, keepdims=True), 1)

    def states(self, inputs: Int[jax.Array | np.ndarray, "n t"]) -> Float[jax.Array, "n t d"]:
        """Last hidden state of every token."""
        return self.encoder(jnp.asarray(inputs))


class Encoder(nn.Module):
    """Embeddings, then layers of attention."""

    shape: EncoderShape

    @nn.compact
    def __call__(self, ids: Int[jax.Array, "n t"]) -> Float[jax.Array, "n t d"]:
        """Hidden states of token ids."""
        shape = self.shape
        mask = ids != shape.pad
        hidden = nn.Embed(shape.num_tokens, shape.width, name="word_embeddings")(ids)
        hidden += nn.Embed(shape.num_positions, shape.width, name="position_embeddings")(
            positions(ids, shape)
        )
        if shape.num_types:
            table = nn.Embed(shape.num_types, shape.width, name="token_type_embeddings")
            hidden += table(segments(ids, shape))
        hidden = nn.LayerNorm(shape.epsilon, name="embeddings_norm")(hidden)
        for number in range(shape.num_layers):
            hidden = Layer(shape, name=f"layer_{number}")(hidden, mask)
        return hidden


class Layer(nn.Module):
    """Attention and two linear layers, each with a residual and a norm after it."""

    shape: EncoderShape

    @nn.compact
    def __call__(
        self, hidden: Float[jax.Array, "n t d"], mask: Bool[jax.Array, "n t"]
    ) -> Float[jax.Array, "n t d"]:
        """Hidden states after one layer."""
        width, epsilon = self.shape.width, self.shape.epsilon
        query, key, value = (
            nn.Dense(width, name=name)(hidden) for name in ("query", "key", "value")
        )
        mixed = attend(query, key, value, mask, num_heads=self.shape.num_heads)
        mixed = nn.Dense(width, name="attention_output")(mixed)
        hidden = nn.LayerNorm(epsilon, name="attention_norm")(hidden + mixed)
        inner = nn.gelu(
            nn.Dense(self.shape.inner_width, name="intermediate")(hidden), approximate=False
        )
        outer = nn.Dense(width, name="output")(inner)
        return nn.LayerNorm(epsilon, name="output_norm")(hidden + outer)


def attend(
    query: Float[jax.Array, "n t d"],
    key: Float[jax.Array, "n t d"],
    value: Float[jax.Array, "n t d"],
    mask: Bool[jax.Array, "n t"],
    *,
    num_heads: int,
) -> Float[jax.Array, "n t d"]:
    """Scaled dot-product attention to the tokens that are no padding."""
    split = (*query.shape[:2], num_heads, -1)
    query, key, value = (part.reshape(split) for part in (query, key, value))
    scores = jnp.einsum("nqhc,nkhc->nhqk", query, key) / np.sqrt(query.shape[-1])
    scores = jnp.where(mask[:, None, None], scores, jnp.asarray(MASKED, scores.dtype))
    mixed = jnp.einsum("nhqk,nkhc->nqhc", jax.nn.softmax(scores), value)
    return mixed.reshape(*mixed.shape[:2], -1)


def positions(ids: Int[jax.Array, "n t"], shape: EncoderShape) -> Int[jax.Array, "n t"]:
    """Row of the table of positions of each token; RoBERTa counts tokens that are no padding."""
    if shape.first_position:
        mask = (ids != shape.pad).astype(ids.dtype)
        return jnp.cumsum(mask, axis=1) * mask + shape.first_position - 1
    return jnp.broadcast_to(jnp.arange(ids.shape[1]), ids.shape)


def segments(ids: Int[jax.Array, "n t"], shape: EncoderShape) -> Int[jax.Array, "n t"]:
    """Type of each token: 1 after the first separator, where there are two types; padding has 0."""
    ends = (ids == shape.separator).astype(ids.dtype)
    after = (jnp.cumsum(ends, axis=1) - ends > 0) & (ids != shape.pad)
    return jnp.minimum(after.astype(ids.dtype), shape.num_types - 1)
