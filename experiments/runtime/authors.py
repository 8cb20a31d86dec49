"""The authors' choices where they differ from ours: `protocol=NAME` makes one, `authors` all.

What is known of them is from their code; see `Choice.text`. A choice sets options of the commands
that it concerns, over what was given on the command line.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from omegaconf import DictConfig, OmegaConf

from experiments.runtime.errors import InputError, nearest

OURS, AUTHORS = "ours", "authors"
SCORE = "davinz_jax.utility.authors.authors_score"
VALUED = ("comparison", "data_quantity", "data_preference", "noise_stability", "model_robustness")
TRAINED = (*VALUED, "correlation")

Options = Callable[[DictConfig], Mapping[str, Any]]


@dataclass(frozen=True)
class Choice:
    """One of the authors' choices.

    Attributes:
        text: theirs, and ours in brackets.
        commands: experiments that it concerns.
        options: dotted options that make it, given a configuration; none where it cannot differ.
    """

    text: str
    commands: tuple[str, ...]
    options: Options


def _fresh_blocks(cfg: DictConfig) -> dict[str, Any]:
    if cfg.ntk.num_blocks == 1:
        return {}
    blocks = {"utility.fresh_blocks": cfg.ntk.num_blocks, "ntk.num_blocks": 1}
    return {"utility._target_": SCORE, **blocks}


def _mnist_m(cfg: DictConfig) -> dict[str, Any]:
    known = "roll" in cfg.data.get("domains", {})
    return {"data.domains.roll": -3, "data.domains.disjoint": True} if known else {}


def _robust_volume(cfg: DictConfig) -> dict[str, Any]:
    node = cfg.baselines.get("robust_volume")
    if node is None:
        return {}
    plain = {**node, "measure": "plain", "lattice": "zero"}
    return {
        "baselines.robust_volume": {**node, "measure": "raw", "lattice": "least"},
        "baselines.plain_volume": plain,
    }


CHOICES: Mapping[str, Choice] = {
    "one_initialisation": Choice(
        "a seed is one draw of the network, from which trainings start too (means over draws)",
        TRAINED,
        lambda _: {"num_initialisations": 1, "num_trainings": None},
    ),
    "fixed_data": Choice(
        "data and parties are the same in every seed (drawn anew)",
        TRAINED,
        lambda _: {"fixed_data": True},
    ),
    "kappa_per_run": Choice(
        "κ of each draw of the network (mean over draws)",
        VALUED,
        lambda _: {"utility._target_": SCORE, "utility.kappa_per_run": True},
    ),
    "fresh_blocks": Choice(
        "blocks drawn anew for each coalition (once for all)", VALUED, _fresh_blocks
    ),
    "robustness": Choice(
        "leave-one-out with λ = 1e-6 between networks (each party alone, λ = 1e-4)",
        ("model_robustness",),
        lambda _: {
            "semivalue": {"_target_": "davinz_jax.semivalues.leave_one_out", "_partial_": True},
            "utility.kappa_family": "leave_one_out",
            "ntk.ridge": 1e-6,
        },
    ),
    "robust_volume": Choice(
        "the robust volume itself, its cubes from the least value, and the plain volume beside "
        "(logarithm of the robust volume, cubes from 0)",
        ("comparison",),
        _robust_volume,
    ),
    "one_noise_draw": Choice(
        "one draw of noise, scaled for each party (a draw for each row)",
        ("noise_stability",),
        lambda _: {"noise.one_draw": True},
    ),
    "mnist_m": Choice(
        "MNIST-M shifted by -3 pixels, of other digits than MNIST's (+3, of the same)",
        ("data_preference",),
        _mnist_m,
    ),
}
"""All of them, by name."""


def apply_protocol(cfg: DictConfig, command: str) -> DictConfig:
    """The configuration with the choices that `protocol` names.

    Args:
        cfg: composed; `protocol` is ours, authors for all that concern the command, or one's name.
        command: the experiment.

    Raises:
        InputError: for a protocol that there is not, or that does not concern the command.
    """
    if cfg.protocol == OURS:
        return cfg
    own = {name: each for name, each in CHOICES.items() if command in each.commands}
    if cfg.protocol not in (AUTHORS, *own):
        raise InputError(
            f"protocol: unknown choice {cfg.protocol!r} for {command}; "
            f"{nearest(cfg.protocol, (OURS, AUTHORS, *own))}"
        )
    changed = OmegaConf.merge(cfg)
    for name, choice in own.items():
        if cfg.protocol in (AUTHORS, name):
            for option, value in choice.options(changed).items():  # pyright: ignore
                OmegaConf.update(changed, option, value, merge=False, force_add=True)
    return changed  # pyright: ignore
