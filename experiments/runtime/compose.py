"""From a composed configuration to the objects that the library takes.

Everything is instantiated before anything runs, so that a misspelt key under any `_target_`, and
a function of the wrong form (`protocols.py`), are refused at once.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

import jax
from omegaconf import DictConfig

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
from davinz_jax.ntk import Forecast
from davinz_jax.semivalues import add_rounding, add_sketch_error
from davinz_jax.types import PRNGKey, Progress, Utility, Variables
from davinz_jax.utility.options import KernelName
from experiments.runtime import errors, option_types, protocols
from experiments.runtime.console import Stages
from experiments.runtime.context import Context, Rows
from experiments.runtime.errors import InputError
from experiments.runtime.network import Model
from experiments.runtime.nodes import AUTO, function, make, plain
from experiments.runtime.targets import check_targets

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
        dataset = dataset if self.model is None else self.model.remark(dataset)
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
