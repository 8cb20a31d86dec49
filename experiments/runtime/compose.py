"""From a composed configuration to the objects that the library takes.

Everything is instantiated before anything runs, so that a misspelt key under any `_target_`, and
a function of the wrong form (`protocols.py`), are refused at once.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import jax
from flax import linen as nn
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from davinz_jax import (
    Dataset,
    DiscrepancyOptions,
    Ingredients,
    KernelChoice,
    KernelOptions,
    Parties,
    Valuation,
)
from davinz_jax.data import Copies, cross_fit, leave_copies_out, partition_rows
from davinz_jax.data.holdout import NO_HOLDOUT
from davinz_jax.kernels import target_columns
from davinz_jax.models import (
    BERT,
    fit_head,
    initialise,
    load_torch_weights,
    pretrained_variables,
)
from davinz_jax.ntk import Forecast
from davinz_jax.semivalues import add_rounding, add_sketch_error
from davinz_jax.types import PRNGKey, Progress, Utility, Variables
from davinz_jax.utility.options import KernelName
from experiments.runtime import errors, option_types, protocols
from experiments.runtime.console import Stages
from experiments.runtime.context import Context, Rows
from experiments.runtime.errors import InputError
from experiments.runtime.targets import check_targets

AUTO = "auto"
"""Target of a node that leaves the choice to the command (`auto.py`)."""

CHOICE = "davinz_jax.KernelChoice"
"""Target of every kernel of ours."""

STREAMS = ("data", "parties", "corruption", "initialisations", "blocks", "semivalue", "training")


LAST_SEED = 2**32 - 1


def random_key(seed: int) -> PRNGKey:
    """The random key of a seed.

    Raises:
        InputError: for a seed that would be cut to another one.
    """
    if not 0 <= seed <= LAST_SEED:
        raise InputError(
            f"seed: wanted a whole number from 0 to {LAST_SEED}, got {seed}; choose one of these, "
            "for others are cut to them"
        )
    return jax.random.key(seed)


CROSS_FIT = "crossfit"
"""What `data.holdout` says where rows judge each other in folds."""

SHARE = 0.2
"""What `data.holdout=auto` stands for where it is not chosen (`holdout.py`): rows held out."""


def streams(seed: int, data_seed: int | None = None) -> dict[str, PRNGKey]:
    """One random key for each purpose, so that a change of one leaves the others alone.

    Args:
        seed: of all of them.
        data_seed: of the data alone: rows, held-out rows, folds; None for `seed`.
    """
    split = jax.random.split(random_key(seed), len(STREAMS))
    keys: dict[str, PRNGKey] = dict(zip(STREAMS, split, strict=True))
    if data_seed is not None:
        keys["data"] = streams(data_seed)["data"]
    return keys


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
            made = self.make(
                input_shape=dataset.inputs.shape[1:], num_outputs=self._outputs(dataset)
            )
            return _of_kind(made, dataset)
        outputs = "num_outputs" in self.make.keywords
        made = self.make(**{"num_outputs": self._outputs(dataset)} if outputs else {})
        if not isinstance(made, nn.Module):
            raise InputError(
                f"model: wanted a Flax module, got {type(made).__name__}; name a subclass of "
                "flax.linen.Module, or a function that gives one with model._partial_=true"
            )
        return _of_kind(made, dataset)

    def _outputs(self, dataset: Dataset) -> int:
        """As many as are set, else as the data has classes."""
        chosen = self.make.keywords.get("num_outputs")
        return dataset.num_classes if chosen is None else chosen

    def variables(self, module: Any, dataset: Dataset, num: int, key: PRNGKey) -> list[Variables]:
        """Imported weights once, or `num` draws at random."""
        sample = dataset.inputs[:1]
        if self.weights is not None and isinstance(module, BERT):
            return [_pretrained(self.weights, module, dataset, key)]
        if self.weights is not None:
            return [load_torch_weights(Path(self.weights), module, sample)]
        return [initialise(module, draw, sample) for draw in jax.random.split(key, num)]


def _takes_weights(settings: Mapping[str, Any]) -> bool:
    """Whether the function of a node is itself told the weights, as a pretrained encoder's is."""
    function = option_types.find_function(str(settings.get("_target_")))
    return function is not None and "weights" in inspect.signature(function).parameters


def _of_kind(module: Any, dataset: Dataset) -> Any:
    """The module, if it takes inputs as the data has them; the user's own may take any.

    Raises:
        InputError: for texts and a network of ours for numbers, or the other way round.
    """
    kind = getattr(module, "input_kind", "numbers")
    is_ours = type(module).__module__.startswith("davinz_jax.")
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


def _pretrained(weights: str, module: BERT, dataset: Dataset, key: PRNGKey) -> Variables:
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
    known = inspect.signature(network.func).parameters
    if isinstance(network.func, type) and kept.get("num_outputs", 0) is None:
        kept = {k: v for k, v in kept.items() if k != "num_outputs" or k in known}
    return partial(network.func, *network.args, **kept)


@dataclass(frozen=True)
class Components:
    """What a configuration names, instantiated."""

    source: protocols.Source
    corruption: protocols.Corruption
    partition: protocols.Partition
    model: Model | None
    kernel: KernelOptions
    discrepancy: DiscrepancyOptions
    kernel_choice: KernelChoice
    utility: protocols.UtilityFactory
    semivalue: protocols.Semivalue
    num_initialisations: int
    seed: int
    keys: Mapping[str, PRNGKey]
    is_cross_fit: bool = False
    copies: Copies = "each"

    def load(self, progress: Progress) -> Rows:
        """The data in use, its parties, and which rows were corrupted on purpose."""
        return self.spoil(*self.deal(progress))

    def deal(self, progress: Progress) -> tuple[Dataset, Parties]:
        """The data in use as its source has it, each row with its line, and its parties.

        Where copies count once, those that do not count are left out.
        """
        dataset = self.source(key=self.keys["data"], progress=progress)
        if not isinstance(dataset, Dataset):
            raise InputError(
                f"data: wanted a function that gives a davinz_jax.Dataset, got one that gives "
                f"{type(dataset).__name__}; return Dataset(...)"
            )
        dataset, parties = self.partition(dataset.numbered(), key=self.keys["parties"])
        return leave_copies_out(dataset.numbered(), parties, copies=self.copies)[:2]

    def spoil(self, dataset: Dataset, parties: Parties) -> Rows:
        """The data spoilt as configured, and in folds where its rows judge each other."""
        dataset, corrupted = self.corruption(dataset, key=self.keys["corruption"])
        if self.is_cross_fit and NO_HOLDOUT in dataset.notes:
            dataset = cross_fit(dataset, key=jax.random.fold_in(self.keys["data"], 1))
        return Rows(dataset, parties, corrupted)

    def context(
        self,
        rows: Rows,
        stages: Stages,
        *,
        values_rows: bool = False,
        checkpoint: Path | None = None,
        announce: Callable[[Forecast], None] | None = None,
        beside: Ingredients | None = None,
    ) -> Context:
        """Everything that values of these rows, or of their parties, are made of.

        Args:
            rows: from `load`, perhaps changed since.
            stages: times the kernels, and is told their progress.
            values_rows: whether single rows are the players, in place of parties.
            checkpoint: file for the state of sampling.
            announce: told what the tangent kernel is expected to take.
            beside: what others are made of, as in `Ingredients`; the time of what these take is
                then that of the stage that is open.
        """
        players = partition_rows(rows.dataset)[1] if values_rows else rows.parties
        module, variables = self._network(rows.dataset)
        ingredients = Ingredients(
            module,
            rows.dataset,
            players,
            key=self.keys["blocks"],
            initialisations=variables,
            kernel_options=self.kernel,
            discrepancy_options=self.discrepancy,
            kernel_choice=self.kernel_choice,
            progress=stages.progress,
            stage=stages.stage if beside is None else nullcontext,
            announce=announce,
            beside=beside,
        )
        return Context(**vars(rows), keys=self.keys, ingredients=ingredients,
                       progress=stages.progress, checkpoint=checkpoint)  # fmt: skip

    def _network(self, dataset: Dataset) -> tuple[Any, list[Variables] | None]:
        """The network and its draws, where there is one."""
        if self.model is None:
            return None, None
        module = self.model.module(dataset)
        key = self.keys["initialisations"]
        return module, self.model.variables(module, dataset, self.num_initialisations, key)

    def without_network(self) -> "Components":
        """The same for a run that looks through no network, so that none is built."""
        return replace(self, model=None)

    def value(self, context: Context, utility: Utility | None = None, **kept: bool) -> Valuation:
        """Values by the configured semivalue, told `kept`; of the configured utility, if none."""
        key = context.keys["semivalue"]
        utility = self.utility(context.ingredients) if utility is None else utility
        valuation = self.semivalue(
            utility, key=key, checkpoint=context.checkpoint, progress=context.progress, **kept
        )
        again = partial(self.semivalue, key=key, checkpoint=None, progress=lambda *_: None)
        found = add_rounding(valuation, utility, again, key=jax.random.fold_in(key, 1))
        return add_sketch_error(found, utility, again)


GROUPS = {
    "data": protocols.Source,
    "corruption": protocols.Corruption,
    "parties": protocols.Partition,
    "utility": protocols.UtilityFactory,
    "semivalue": protocols.Semivalue,
}
"""Groups that name one function each, and its kind."""


def components(cfg: DictConfig) -> Components:
    """Instantiate all groups of a configuration.

    Raises:
        InputError: for a number of initialisations below one, or a second kernel.
    """
    if cfg.num_initialisations < 1:
        raise InputError(
            f"num_initialisations: wanted at least 1, got {cfg.num_initialisations}; "
            "each one is a draw of the network"
        )
    settings = plain(cfg)
    settings["data"], data_seed, is_cross_fit = split_data(settings["data"])
    check_targets(settings, settings.get("packages") or ())
    refuse_second_kernel(settings["utility"])
    made = {group: function(group, settings[group], kind) for group, kind in GROUPS.items()}
    return Components(
        source=made["data"],
        corruption=made["corruption"],
        partition=made["parties"],
        model=Model.of(settings["model"]),
        kernel=make("ntk", settings["ntk"]),
        discrepancy=make("mmd", settings["mmd"]),
        kernel_choice=kernel_choice(settings.get("kernel")),
        utility=made["utility"],
        semivalue=made["semivalue"],
        num_initialisations=cfg.num_initialisations,
        seed=cfg.seed,
        keys=streams(cfg.seed, data_seed),
        is_cross_fit=is_cross_fit,
        copies=_copies(settings),
    )


def _copies(settings: Mapping[str, Any]) -> Any:
    """How a party's copies count; single rows are players as they are."""
    return "each" if settings.get("players") == "rows" else settings.get("copies") or "each"


def split_data(node: Mapping[str, Any]) -> tuple[dict[str, Any], int | None, bool]:
    """The node `data` as its source takes it, the seed of the data, and whether rows are folded.

    Raises:
        InputError: for a number of validation rows where rows judge each other.
    """
    settings = dict(node)
    option_types.check_value("data.seed", settings.get("seed"), int | None)
    is_cross_fit = settings.get("holdout") == CROSS_FIT
    if is_cross_fit and settings.get("validation_path") is None:
        _refuse_number(settings.get("num_validation_rows"))
    if settings.get("holdout") in (CROSS_FIT, AUTO):
        settings["holdout"] = "none" if is_cross_fit else SHARE
    return settings, settings.pop("seed", None), is_cross_fit


def _refuse_number(num_validation_rows: int | None) -> None:
    if num_validation_rows is not None:
        raise InputError(
            f"data.num_validation_rows: wanted it with a validation set, got {num_validation_rows} "
            f"and data.holdout={CROSS_FIT}, by which all rows judge; leave it out, or set "
            f"data.holdout={SHARE}"
        )


def kernel_choice(node: Mapping[str, Any] | None) -> KernelChoice:
    """The kernel that a node of the group `kernel` names: one of ours, or a function of rows.

    Args:
        node: `cosine` beside a function of the user's own is ours; none is the tangent kernel.
    """
    settings = dict(node or {"_target_": CHOICE})
    if settings["_target_"] == CHOICE:
        return make("kernel", settings)
    cosine, name = settings.pop("cosine", False), settings.get("_args_")
    if name in [[each] for each in get_args(KernelName)]:
        settings |= {"_args_": [], "_partial_": True}  # of the choice whose target was replaced
    return KernelChoice(function("kernel", settings, protocols.RowKernel), cosine=cosine)


def refuse_second_kernel(utility: Mapping[str, Any]) -> None:
    """Refuse a kernel that is named below a utility of ours, beside the group `kernel`."""
    twice = [name for name in errors.MOVED if name.partition(".")[2] in utility]
    if twice and utility["_target_"].startswith("davinz_jax.Ingredients."):
        raise InputError(errors.explain_moved(twice[0]))


def function(option: str, node: Mapping[str, Any], kind: type) -> Any:
    """What a node of a configuration names, refused if it is not of its kind.

    Raises:
        InputError: for a function of another kind, or a choice that is left to the command.
    """
    if node["_target_"] == AUTO:
        raise InputError(
            f"{option}: wanted a choice, got auto, which this command does not resolve; name one"
        )
    return protocols.check(option, make(option, node), kind)


def make(option: str, node: Mapping[str, Any]) -> Any:
    """What a node of a configuration gives.

    Raises:
        InputError: with what it was refused for, under the option's name.
    """
    option_types.check_node(option, node)
    try:
        return instantiate(node, _convert_="all")
    except InstantiationException as error:
        reason = str(error.__cause__ or error)
        link = "." if re.match(r"[\w.]+: wanted", reason) else ": "
        raise InputError(f"{option}{link}{reason}") from error


def plain(cfg: DictConfig) -> dict[str, Any]:
    """A configuration as plain containers, resolved, choices as text."""
    return OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)  # pyright: ignore
