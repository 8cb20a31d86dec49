"""What a trust run is of, which a valuation must share to be told of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from davinz_jax import Dataset
from experiments.report.told import Told
from experiments.runtime import outputs, usage
from experiments.runtime.auto import Resolved
from experiments.runtime.compose import kernel_choice
from experiments.runtime.errors import InputError

NAME = "trust"
"""What result.json of a run calls itself."""

KERNEL_OPTIONS = ("output", "parameters", "initial_outputs", "ridge", "ridge_unit", "num_blocks")
"""Options of `ntk` that decide a utility; the others say how it is computed."""


def identify(dataset: Dataset, choice: Resolved) -> dict[str, Any]:
    """Data, utility, and of kernel and network what the utility looks at.

    Args:
        dataset: the rows in use, perhaps in folds; how they are folded is not part of it.
        choice: the configuration without `auto`.
    """
    settings = choice.settings
    kernel = kernel_choice(settings["kernel"])
    used = usage.used_by(
        usage.kind_of(settings["utility"]),
        kernel,
        settings["mmd"],
        has_tokens=dataset.input_kind == "tokens",
    )
    ntk = {name: settings["ntk"].get(name) for name in KERNEL_OPTIONS}
    network = {name: settings[name] for name in ("model", "num_initialisations")}
    return {
        "data": replace(dataset, folds=None).sha256(),
        "utility": settings["utility"],
        "kernel": {"kernel": settings["kernel"]} if "kernel" in used else {},
        "ridge": ntk if {"ntk", "ntk.ridge"} & used else {},
        "discrepancy": {"mmd": settings["mmd"]} if "mmd" in used else {},
        "network": network if "model" in used else {},
    }


def read_trust(folder: Path, wanted: Mapping[str, Any]) -> Told:
    """What a run said, where it was of the same data, utility and network.

    Args:
        folder: of the run.
        wanted: as `identify` gives it.

    Raises:
        InputError: if it is no such run, or of something else.
    """
    path = folder / outputs.RESULT
    content = outputs.read_result(path) if path.is_file() else {}
    if content.get("experiment") != NAME:
        raise InputError(
            f"trust: wanted the folder of a finished run of experiments.trust, got {folder}; run "
            "it with these options, or leave trust out"
        )
    found = content["identity"]
    differing = [name for name, value in wanted.items() if found.get(name) != value]
    if differing:
        raise InputError(
            f"trust: wanted a run on the same data, utility and network, got {folder} with another "
            f"{' and another '.join(differing)}; run experiments.trust with the options of this "
            "run, or leave trust out"
        )
    return Told(content["sentence"], content["verdict"], str(folder), content["scores"])
