"""The network that the group `model` describes, made once the data is known."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
from flax import linen as nn

from davinz_jax import Dataset
from davinz_jax.kernels import target_columns
from davinz_jax.models import (
    BERT,
    ViT,
    as_linen,
    fit_head,
    initialise,
    load_torch_weights,
    pretrained_encoder,
    pretrained_variables,
    pretrained_vit,
)
from davinz_jax.models.adapters import Adapter, drawn_with, signature_of
from davinz_jax.types import PRNGKey, Variables
from experiments.runtime import option_types, protocols
from experiments.runtime.errors import InputError
from experiments.runtime.nodes import make

HEADS = {
    "drawn": "the encoder's head is drawn by the seed; all its other weights are pretrained",
    "ridge": "the encoder's head is fitted by ridge to the labels of all valued rows",
}
"""Notes of where a head's weights are from."""


@dataclass(frozen=True)
class Model:
    """A network to be, once the data is known.

    Attributes:
        make: its module class or function, with its settings.
        is_factory: whether it is told the shape of a row and the number of outputs
            (`_partial_: true` of a function); a Flax module class takes its settings alone.
        weights: file of weights to start from, or folder of a pretrained encoder; None for draws
            at random.
    """

    make: partial[Any]
    is_factory: bool
    weights: str | None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Model":
        """The model that a node of the group `model` describes.

        Raises:
            InputError: if its function does not take its settings, or is no network factory.
        """
        settings, weights = dict(settings), settings.get("weights")
        if not _takes_weights(settings):
            settings.pop("weights", None)
        option_types.check_value("model.weights", weights, Path | None)
        is_partial = settings.pop("_partial_", False)
        network = make("model", settings | {"_partial_": True})
        network = _without_unknown_outputs(network)
        is_factory = is_partial and not isinstance(network.func, type)
        if is_factory:
            protocols.check("model", network, protocols.NetworkFactory)
        protocols.check_settings("model", network)
        if not is_factory:
            protocols.check_complete("model", network)
        return cls(network, is_factory, weights)

    def module(self, dataset: Dataset) -> Any:
        """The Flax module for a dataset's shape and number of outputs."""
        if self.is_factory:
            shape, count = dataset.inputs.shape[1:], self._outputs(dataset)
            return _checked(as_linen(self.make(input_shape=shape, num_outputs=count)), dataset)
        outputs = "num_outputs" in self.make.keywords
        set_outputs = {"num_outputs": self._outputs(dataset)} if outputs else {}
        if drawn_with(self.make.func):
            return as_linen(partial(self.make.func, **{**self.make.keywords, **set_outputs}))
        return _checked(as_linen(self.make(**set_outputs)), dataset)

    def _outputs(self, dataset: Dataset) -> int:
        """As many as are set, else as the data has classes."""
        chosen = self.make.keywords.get("num_outputs")
        return dataset.num_classes if chosen is None else chosen

    def remark(self, dataset: Dataset) -> Dataset:
        """The dataset with a note of where a pretrained network's head is from."""
        if self.make.func not in (pretrained_encoder, pretrained_vit):
            return dataset
        head = self.make.keywords.get("head", "drawn")
        return replace(dataset, notes=(*dataset.notes, *filter(None, [HEADS.get(head)])))

    def variables(self, module: Any, dataset: Dataset, num: int, key: PRNGKey) -> list[Variables]:
        """Imported weights once, or `num` draws at random."""
        sample = dataset.inputs[:1]
        if self.weights is not None and isinstance(module, BERT | ViT):
            return [_pretrained(self.weights, module, dataset, key)]
        if self.weights is not None:
            return [load_torch_weights(Path(self.weights), module, sample)]
        return [initialise(module, draw, sample) for draw in jax.random.split(key, num)]


def _takes_weights(settings: Mapping[str, Any]) -> bool:
    """Whether the function of a node is itself told the weights, as a pretrained encoder's is."""
    function = option_types.find_function(str(settings.get("_target_")))
    return function is not None and "weights" in signature_of(function).parameters


def _of_kind(module: Any, dataset: Dataset) -> Any:
    """The module, if it takes inputs as the data has them; the user's own may take any.

    Raises:
        InputError: for texts and a network of ours for numbers, or the other way round.
    """
    kind = getattr(module, "input_kind", "numbers")
    is_ours = type(module).__module__.startswith("davinz_jax.") and not isinstance(module, Adapter)
    if not is_ours or kind == dataset.input_kind:
        return module
    if kind == "tokens":
        raise InputError(
            f"model: wanted texts for {type(module).__name__}, got rows of numbers; set data=text, "
            "or another model"
        )
    raise InputError(
        f"model: wanted a pretrained encoder for texts, got {type(module).__name__}; set "
        "model=bert model.weights=DIR"
    )


def _checked(made: Any, dataset: Dataset) -> nn.Module:
    """What a configuration made as a network, if it is one for the data."""
    if not isinstance(made, nn.Module):
        raise InputError(
            f"model: wanted a network of Flax or Equinox, got {type(made).__name__}; name a class "
            "of flax.linen.Module, flax.nnx.Module or equinox.Module, or a function that gives a "
            "network with model._partial_=true"
        )
    return _of_kind(made, dataset)


def _pretrained(weights: str, module: BERT | ViT, dataset: Dataset, key: PRNGKey) -> Variables:
    """Pretrained variables, and a head drawn by key or fitted to the rows."""
    variables = pretrained_variables(Path(weights), module, key=key)
    if not module.knows_labels:
        return variables
    columns = target_columns(dataset.targets, task=dataset.task, num_classes=dataset.num_classes)
    return fit_head(module, variables, dataset.inputs, columns)


def _without_unknown_outputs(network: partial[Any]) -> partial[Any]:
    """A module class that does not say how many outputs it has, without the choice of the data's.

    Its number is its own; a network of another than the data's is refused when it is looked at.
    """
    kept = {**network.keywords}
    known = signature_of(network.func).parameters
    if isinstance(network.func, type) and kept.get("num_outputs", 0) is None:
        kept = {k: v for k, v in kept.items() if k != "num_outputs" or k in known}
    return partial(network.func, *network.args, **kept)
