"""How an option is declared, and the options that all commands which look at data share.

The scalars here are checked by type, and a misspelt key or value is refused. Groups (data, model,
parties, semivalue, utility, kernel, ntk, mmd) own their choices and defaults in YAML, and what each
makes checks them. `text` of a field is shown by --help.
"""

from dataclasses import dataclass, field
from typing import Any


def option(text: str, default: Any) -> Any:
    """A field with its description; mutable defaults are made anew each time."""
    if isinstance(default, type):
        return field(default_factory=default, metadata={"text": text})
    return field(default=default, metadata={"text": text})


THREADS = (
    "threads of one unit of work: a factorisation, permutation or training; results of one number "
    "are the same to the last bit wherever they are computed; 1 also does units side by side; auto "
    "= as many as the machine has"
)
PACKAGES = "packages of your own whose functions _target_ may name, as in packages=[my_package]"


@dataclass
class Command:
    """What every command takes."""

    overwrite: bool = option("replace the result that the run's folder holds", False)
    threads: Any = option(THREADS, "auto")
    cluster: Any = field(default_factory=dict)


@dataclass
class Composed(Command):
    """What every command composes that looks at data through a network."""

    packages: list[str] = option(PACKAGES, list)

    data: Any = field(default_factory=dict)
    model: Any = field(default_factory=dict)
    parties: Any = field(default_factory=dict)
    corruption: Any = field(default_factory=dict)
    utility: Any = field(default_factory=dict)
    semivalue: Any = field(default_factory=dict)
    kernel: Any = field(default_factory=dict)
    ntk: Any = field(default_factory=dict)
    mmd: Any = field(default_factory=dict)
    num_initialisations: int = option(
        "independent draws of the network's weights; 1 where model.weights is given (draws)", 5
    )
