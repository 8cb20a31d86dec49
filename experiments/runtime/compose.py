"""From a composed configuration to the objects that the library takes.

Everything is instantiated before anything runs, so that a misspelt key under any `_target_` is
refused at once. Groups are partial functions; what only a run knows (a key, the dataset, progress)
is offered by name, and each function takes what its signature asks for.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from davinz_jax import DiscrepancyOptions, Ingredients, KernelOptions
from davinz_jax.data import Dataset, Parties
from davinz_jax.models import initialise, load_torch_weights
from davinz_jax.types import PRNGKey, Variables
from experiments.runtime.errors import InputError, nearest

STREAMS = ("data", "parties", "corruption", "initialisations", "blocks", "semivalue", "training")


def streams(seed: int) -> dict[str, PRNGKey]:
    """One random key for each purpose, so that a change of one leaves the others alone."""
    return dict(zip(STREAMS, jax.random.split(jax.random.key(seed), len(STREAMS)), strict=True))


def offered(function: Callable[..., Any], **available: Any) -> Callable[..., Any]:
    """The function with those of the available keyword arguments that it takes and lacks."""
    signature = inspect.signature(function)
    taken = {name: value for name, value in available.items() if name in signature.parameters}
    given = getattr(function, "keywords", {})
    return lambda *args: function(*args, **{k: v for k, v in taken.items() if k not in given})


def checked(group: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The partial function of a group, refused at once if it does not take what it was given.

    Raises:
        InputError: naming the option and the nearest that there is.
    """
    parameters = inspect.signature(getattr(function, "func", function)).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    for name in getattr(function, "keywords", {}):
        if name not in parameters and not takes_any:
            raise InputError(f"{group}.{name}: unknown option; {nearest(name, parameters)}")
    return function


@dataclass(frozen=True)
class Model:
    """A network to be: the function that makes it once the data is known, and its weights."""

    settings: Mapping[str, Any]
    weights: str | None

    def module(self, dataset: Dataset) -> Any:
        """The Flax module for a dataset's number of outputs."""
        settings = dict(self.settings)
        if "num_outputs" in settings and settings["num_outputs"] is None:
            settings["num_outputs"] = dataset.num_classes
        made = instantiate(settings, _convert_="all")
        if not settings.get("_partial_"):
            return made
        return offered(
            made, input_shape=dataset.inputs.shape[1:], num_outputs=dataset.num_classes
        )()

    def variables(self, module: Any, dataset: Dataset, num: int, key: PRNGKey) -> list[Variables]:
        """Imported weights once, or `num` draws at random."""
        sample = dataset.inputs[:1]
        if self.weights is not None:
            return [load_torch_weights(Path(self.weights), module, sample)]
        return [initialise(module, draw, sample) for draw in jax.random.split(key, num)]


@dataclass(frozen=True)
class Components:
    """What a configuration names, instantiated."""

    source: Callable[..., Dataset]
    corruption: Callable[..., tuple[Dataset, np.ndarray]]
    partition: Callable[..., tuple[Dataset, Parties]]
    model: Model
    kernel: KernelOptions
    discrepancy: DiscrepancyOptions
    utility: Callable[..., Any]
    semivalue: Callable[..., Any]
    num_initialisations: int
    seed: int
    keys: Mapping[str, PRNGKey]

    def load(self, progress: Any = None) -> tuple[Dataset, Parties, np.ndarray]:
        """The data in use, its parties, and a mask of the rows that were corrupted on purpose."""
        dataset = offered(self.source, key=self.keys["data"], progress=progress)()
        dataset, parties = offered(self.partition, key=self.keys["parties"])(dataset)
        dataset, corrupted = self.corruption(dataset, key=self.keys["corruption"])
        return dataset, parties, corrupted

    def ingredients(self, dataset: Dataset, parties: Parties, **hooks: Any) -> Ingredients:
        """Kernels to be computed once, from which utilities are made."""
        module = self.model.module(dataset)
        return Ingredients(
            module,
            dataset,
            parties,
            key=self.keys["blocks"],
            initialisations=self.model.variables(
                module, dataset, self.num_initialisations, self.keys["initialisations"]
            ),
            kernel_options=self.kernel,
            discrepancy_options=self.discrepancy,
            **hooks,
        )


def components(cfg: DictConfig) -> Components:
    """Instantiate all groups of a configuration.

    Raises:
        InputError: for a number of initialisations below one.
    """
    if cfg.num_initialisations < 1:
        raise InputError(
            f"num_initialisations: wanted at least 1, got {cfg.num_initialisations}; "
            "each one is a draw of the network"
        )
    settings = plain(cfg)
    model = dict(settings["model"])
    made = {
        group: checked(group, instantiate(settings[group], _convert_="all"))
        for group in ("data", "corruption", "parties", "utility", "semivalue")
    }
    return Components(
        source=made["data"],
        corruption=made["corruption"],
        partition=made["parties"],
        model=Model(settings=model, weights=model.pop("weights", None)),
        kernel=KernelOptions(**settings["ntk"]),
        discrepancy=DiscrepancyOptions(**settings["mmd"]),
        utility=made["utility"],
        semivalue=made["semivalue"],
        num_initialisations=cfg.num_initialisations,
        seed=cfg.seed,
        keys=streams(cfg.seed),
    )


def plain(cfg: DictConfig) -> dict[str, Any]:
    """A configuration as plain containers, resolved, choices as text."""
    return OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)  # pyright: ignore
