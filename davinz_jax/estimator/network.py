"""The network of an estimator, once the data is known."""

from functools import partial
from typing import Any

from flax import linen as nn

from davinz_jax.data.dataset import Dataset
from davinz_jax.models.adapters import as_linen, drawn_with, signature_of
from davinz_jax.models.initialise import check_module


def make_module(model: Any, dataset: Dataset) -> nn.Module | None:
    """A Flax module with as many outputs as the data has classes.

    Args:
        model: None; a Linen module, whose field `num_outputs`, if it has one, is set; a function
            or module class that makes one, called as `model(input_shape=, num_outputs=)` or with
            `num_outputs` alone, such as `davinz_jax.models.default_model`; or a class or instance
            of flax.nnx or Equinox, as `davinz_jax.models.as_linen` takes it.
        dataset: what it is for.

    Raises:
        ValueError: for anything else.
    """
    if model is None:
        return None
    if drawn_with(model) and "num_outputs" in signature_of(model).parameters:
        return as_linen(partial(model, num_outputs=dataset.num_classes))
    if isinstance(model, nn.Module):
        has_outputs = "num_outputs" in type(model).__dataclass_fields__
        return model.clone(num_outputs=dataset.num_classes) if has_outputs else model
    if isinstance(model, type) and issubclass(model, nn.Module):
        has_outputs = "num_outputs" in model.__dataclass_fields__
        return model(**{"num_outputs": dataset.num_classes} if has_outputs else {})
    return check_module(as_linen(_call(as_linen(model), dataset)))


def _call(model: Any, dataset: Dataset) -> Any:
    """What a function makes; the model itself where it is no such function."""
    if not callable(model) or isinstance(model, type | nn.Module):
        return model
    try:
        return model(input_shape=dataset.inputs.shape[1:], num_outputs=dataset.num_classes)
    except TypeError:
        return model
