"""Which utility gives the second opinion: of ν and kernel regression, the one that was not asked.

It is found by the semivalue and from the data of the first, so that the utility alone differs, and
with what each takes by itself: ν as in the paper, of the run's network or the default one;
regression with the kernel of raw rows that the default has, which needs no pass of a network.
Kernels are shared where both see the same outputs of one network.
"""

from davinz_jax.defaults import usual_kernel
from davinz_jax.ntk import Forecast
from experiments.runtime import auto, usage
from experiments.runtime.auto import Resolved, Situation
from experiments.runtime.compose import kernel_choice
from experiments.runtime.errors import InputError

OTHER = {"kernel_regression": "davinz", "davinz": "kernel_regression"}
"""What each is compared with."""

MOST_SECONDS = 30.0
"""Time that a second opinion's kernel may take unasked, or as long as the first opinion took."""


def choose_second(
    choice: Resolved, situation: Situation, *, wanted: bool | None
) -> Resolved | None:
    """The configuration of the second opinion; None where there is none.

    Args:
        choice: of the first, nothing in it left to choose.
        situation: data and players.
        wanted: true, false, or null, as the option `second_opinion`.

    Raises:
        InputError: if it is wanted where it cannot be.
    """
    missing = _missing(choice, situation)
    if wanted and missing:
        raise InputError(f"second_opinion: wanted {missing}; leave it out")
    if missing or wanted is False:
        return None
    settings, kind = choice.settings, OTHER[usage.kind_of(choice.settings["utility"])]
    utility, kernel = auto.read_choice("utility", kind), settings["kernel"]
    if kind == "kernel_regression":
        kernel = auto.read_choice("kernel", usual_kernel(kind, with_network=False))
        utility |= auto.choose_scoring(kind, kernel_choice(kernel), situation)
    ridge = {"ridge": auto.choose_ridge(None, kind), "ridge_unit": "absolute"}
    changed = {"utility": utility, "kernel": kernel, "ntk": settings["ntk"] | ridge}
    return Resolved({**settings, **changed}, uses_network=kind == "davinz")


def _missing(choice: Resolved, situation: Situation) -> str:
    """What a second opinion wants and does not get; empty where it can be."""
    kind = usage.kind_of(choice.settings["utility"])
    if kind not in OTHER:
        return f"utility={' or '.join(OTHER)}, got {kind}"
    if not situation.is_labelled:
        return "labels of the validation set, got none"
    return ""


def refuse_long(expected: Forecast, seconds: float) -> None:
    """Refuse a kernel that takes longer than `MOST_SECONDS` and than the first opinion did.

    Args:
        expected: what the kernel is expected to take.
        seconds: what the first opinion took.

    Raises:
        InputError: if it is too long.
    """
    most = max(MOST_SECONDS, seconds)
    if expected.seconds > most:
        raise InputError(
            f"its kernel is expected to take {expected.seconds:.0f} s, and up to {most:.0f} s are "
            "spent unasked"
        )
