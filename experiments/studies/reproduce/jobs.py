"""What a plan lists: jobs, each the command of one experiment with the work that it takes."""

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.errors import InputError
from experiments.runtime.program import COMMANDS, command_names, command_words

KEYS = {"command", "module", "arguments", "worth", "question", "work", "tiny", "result", "store"}
KERNELS = "kernels"
WORK = {"other", "training", "kernel", "pairs"}


@dataclass(frozen=True)
class Work:
    """What a job computes, by which its time is estimated.

    Attributes:
        other: start, compiling and algebra (seconds, on the reference machine of `speeds`).
        training: rows trained on times epochs, by network.
        kernel: rows times outputs times initialisations that gradients are taken of, by network.
        pairs: pairs of rows whose distance is taken (millions).
    """

    other: float = 10.0
    training: Mapping[str, float] = field(default_factory=dict)
    kernel: Mapping[str, float] = field(default_factory=dict)
    pairs: float = 0.0

    @property
    def networks(self) -> set[str]:
        """Networks that are trained or differentiated."""
        return {*self.training, *self.kernel}


@dataclass(frozen=True)
class Job:
    """One experiment of a plan.

    Attributes:
        name: of the job, its folder and its kept result.
        module: what is started by `python -m`.
        arguments: of the command, the folder left out.
        question: what it answers.
        worth: answers that it gives; a larger network or data set counts for more.
        work: what it computes.
        is_experiment: whether it takes a folder by `hydra.run.dir`, and leaves a result there.
        has_store: whether it keeps the tiles of its kernels, one kernel a seed and output, until it
            is finished.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    question: str
    worth: float
    work: Work
    is_experiment: bool = True
    has_store: bool = False

    def command(self, folder: Path, *more: str, python: str = sys.executable) -> list[str]:
        """The process that does this job in a folder."""
        return [python, "-m", self.module, *self.arguments, *self._places(folder), *more]

    def typed(self, folder: Path) -> str:
        """The same as a person types it."""
        name = self.module.removeprefix("experiments.")
        ours = name in command_names() and self.module != name
        words = command_words(name) if ours else ("python", "-m", self.module)
        return shlex.join([*words, *self.arguments, *self._places(folder)])

    def _places(self, folder: Path) -> list[str]:
        """Where the job's files lie."""
        if not self.is_experiment:
            return []
        stored = [f"ntk.store={folder / KERNELS}"] if self.has_store else []
        return [f"hydra.run.dir={folder}", *stored]


def read_jobs(plan: Mapping[str, Any], *, rehearse: bool = False) -> list[Job]:
    """The jobs of a plan's configuration.

    Args:
        plan: the group's node: `jobs`, by name.
        rehearse: whether each is to have its tiny size.

    Raises:
        InputError: for a job without a command, or with a key that none has.
    """
    return [_job(name, node or {}, rehearse) for name, node in (plan.get("jobs") or {}).items()]


def _job(name: str, node: Mapping[str, Any], rehearse: bool) -> Job:
    _refuse_unknown(f"plan.jobs.{name}", node, KEYS)
    _refuse_unknown(f"plan.jobs.{name}.work", node.get("work") or {}, WORK)
    arguments = [*(node.get("arguments") or ()), *(node.get("tiny") or () if rehearse else ())]
    return Job(
        name=name,
        module=_module(name, node),
        arguments=tuple(map(str, arguments)),
        question=node.get("question") or find_question(arguments),
        worth=float(node.get("worth", 1.0)),
        work=Work(**(node.get("work") or {})),
        is_experiment=node.get("result", True),
        has_store=node.get("store", False),
    )


def _refuse_unknown(option: str, node: Mapping[str, Any], known: set[str]) -> None:
    for key in node:
        if key not in known:
            raise InputError(f"{option}: wanted keys of {sorted(known)}, got {key!r}; leave it out")


def _module(name: str, node: Mapping[str, Any]) -> str:
    """The module that a job starts: an experiment by its command, or any other by its name."""
    if "module" in node:
        return str(node["module"])
    command = node.get("command")
    if command not in command_names():
        raise InputError(
            f"plan.jobs.{name}.command: wanted one of {', '.join(command_names())}, got "
            f"{command!r}; name one, or a module of your own by `module`"
        )
    return f"{COMMANDS.name}.{command}"


def find_question(arguments: Sequence[str], folder: Path = CONFIG_FOLDER) -> str:
    """What the experiment file among a job's arguments asks; empty where there is none."""
    names = [text.partition("=")[2] for text in arguments if text.startswith("experiment=")]
    for path in (folder / "experiment" / f"{name}.yaml" for name in names):
        found = re.search(r"^# question: (.*)$", path.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return ""
