"""Checkpoints of long sampling runs: the sums so far and the configuration they belong to.

A checkpoint is one archive (`archive.py`), replaced as a whole, so that a run killed at any moment
leaves its last one. It is taken up only by a run of the same configuration.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from davinz_jax.semivalues.archive import plain, read_archive, write_archive

_KIND = "checkpoint"


@dataclass
class SamplingState:
    """What a sampling run has got so far.

    Attributes:
        sums: running sums by name, each (groups, …).
        units: units of samples that are in the sums.
        seconds: time spent on them.
    """

    sums: dict[str, np.ndarray]
    units: int = 0
    seconds: float = 0.0


def save_checkpoint(path: Path, configuration: Mapping[str, Any], state: SamplingState) -> None:
    """Replace the checkpoint by the present state.

    Args:
        path: the file.
        configuration: what the samples depend on, other than how many they are.
        state: the sums so far.
    """
    document = {
        "configuration": configuration,
        "units": state.units,
        "seconds": state.seconds,
    }
    write_archive(path, _KIND, document, state.sums)


def load_checkpoint(path: Path, configuration: Mapping[str, Any]) -> SamplingState | None:
    """The state to go on from, or None if there is no checkpoint yet.

    Args:
        path: the file.
        configuration: what the samples of this run depend on.

    Raises:
        ValueError: if the file is damaged, is not a checkpoint, or belongs to another
            configuration; the file is left as it is.
    """
    if not path.exists():
        return None
    document, sums = read_archive(path, _KIND)
    differing = list(differences(document["configuration"], plain(configuration)))
    if differing:
        raise ValueError(
            f"checkpoint: wanted one of this configuration, got another in {path} "
            f"({'; '.join(differing[:3])}); name another file, or restore these settings"
        )
    return SamplingState(sums, document["units"], document["seconds"])


def differences(saved: Any, wanted: Any, name: str = "") -> Iterator[str]:
    """Entries in which two JSON documents differ, each as text that names it."""
    if isinstance(saved, dict) and isinstance(wanted, dict):
        for entry in sorted(saved.keys() | wanted.keys()):
            path = f"{name}.{entry}" if name else entry
            yield from differences(saved.get(entry), wanted.get(entry), path)
    elif saved != wanted:
        yield f"{name}: {_short(saved)} in the file, {_short(wanted)} now"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
