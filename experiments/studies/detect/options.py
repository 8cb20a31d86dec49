"""What the options of `detect` mean together, and which of them it would not use."""

from collections.abc import Set
from typing import Any

from omegaconf import DictConfig

from davinz_jax import KernelChoice
from davinz_jax.detection import usual_block_size
from experiments.runtime import auto, compose, usage
from experiments.runtime.errors import InputError
from experiments.runtime.schema.detect import CutRule

BOUND = 0.1


def choose_kernel(
    settings: dict[str, Any], named: Set[str], *, has_tokens: bool = False
) -> KernelChoice:
    """The kernel asked for; of `auto`, the network's where an option of a network is named.

    Args:
        settings: plain, as composed.
        named: options that the command line names.
        has_tokens: whether rows are tokens, which a network alone compares.

    Raises:
        InputError: for an option that the kernel would not use.
    """
    if "ntk.ridge" in named:
        raise InputError(
            "ntk.ridge: wanted options that the run uses, got a ridge; leave it out, for "
            "leave-one-out error chooses it"
        )
    choice = compose.kernel_choice(
        auto.choose_kernel(settings["kernel"], named, has_tokens=has_tokens)
    )
    used = usage.used_by_kernel(choice) | (usage.NETWORK if has_tokens else set())
    usage.refuse_unused(named, used, f"kernel={choice.name}")
    return choice


def choose_cut(cfg: DictConfig, named: Set[str]) -> CutRule:
    """The rule asked for; of `auto`, by what is given.

    Raises:
        InputError: for a share outside (0, 1), or one that the rule does not use or lacks.
    """
    for name in ("rate", "fdr"):
        share = cfg[name]
        if share is not None and not 0 < share < 1:
            raise InputError(
                f"{name}: wanted a share in (0, 1), got {share:g}; 0.1 is one row in ten"
            )
    if "data.holdout" in named:
        raise InputError(
            "data.holdout: wanted options that the run uses, got one of held-out rows; leave it "
            "out, for every row is judged"
        )
    given = [CutRule(name) for name in ("rate", "fdr") if cfg[name] is not None]
    rule = CutRule(cfg.cut)
    if rule == CutRule.auto and len(given) < 2:
        return given[0] if given else CutRule.two_means
    _check_shares(rule, given)
    return rule


def _check_shares(rule: CutRule, given: list[CutRule]) -> None:
    unused = [each for each in given if each != rule]
    if unused:
        raise InputError(
            f"{unused[0]}: wanted it with cut={unused[0]}, got cut={rule}; leave one of them out"
        )
    if rule == CutRule.rate and not given:
        raise InputError("rate: wanted the share of wrong rows, got none; set rate=0.1, say")


def choose_block_size(cfg: DictConfig, num_rows: int) -> int:
    """Rows that judge each other.

    Raises:
        InputError: for fewer than two.
    """
    if cfg.block_size is None:
        return usual_block_size(num_rows, cfg.ntk.get("num_blocks", 1))
    if cfg.block_size < 2:
        raise InputError(f"block_size: wanted at least 2, got {cfg.block_size}; null is usual")
    return min(cfg.block_size, num_rows)


def source_of_all_rows(settings: dict[str, Any]) -> dict[str, Any]:
    """The node `data` with no row held out, for nothing is judged on a validation set."""
    is_ours = settings["_target_"].startswith("davinz_jax.")
    if is_ours and "holdout" in settings and settings.get("validation_path") is None:
        return settings | {"holdout": "none"}
    return settings
