"""What was probably meant: configuration errors with the nearest key or choice.

Hydra and OmegaConf say that a key is unknown; a person wants to know which key they misspelt.
"""

import errno
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from experiments.runtime.composition import explain_composition, unknown_options
from experiments.runtime.help import groups_of
from experiments.runtime.schema import registry

EXTRAS = {"joblib": "launchers", "submitit": "launchers", "ray": "ray"}
"""Extra of the package that brings each launcher."""


ELSEWHERE = ("experiment", "tracking")
"""Groups whose files hold options that are not below the group's own name."""

MOVED = {f"utility.{name}": f"kernel.{name}" for name in ("bandwidth", "cosine")}
MOVED["utility.kernel"] = "kernel"
"""Options below a utility that have a group of their own."""
_NO_ROOM = (
    "wanted room for a file, got none",
    "free some, or name a folder on another disk: hydra.run.dir=DIR",
)
_NOT_OURS = (
    "wanted a place that may be written to, got one that may not",
    "change its permissions, or name another folder: hydra.run.dir=DIR",
)
_NO_FOLDER = (
    "wanted a folder, got a file of this name",
    "name another folder: hydra.run.dir=DIR",
)
REMEDIES = {
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    errno.EFBIG: _NO_ROOM,
    errno.EROFS: _NOT_OURS,
    errno.EACCES: _NOT_OURS,
    errno.EPERM: _NOT_OURS,
    errno.EEXIST: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.ENOENT: ("wanted a file, got none", "check the path"),
    errno.EISDIR: ("wanted a file, got a folder", "name the file"),
    errno.ENAMETOOLONG: ("wanted a path that the system takes, got a longer one", "shorten it"),
    errno.EMFILE: ("wanted to open one more file, got refused", "raise the limit: ulimit -n 4096"),
}
"""What was wanted and got, and the remedy, of errors of the file system."""


_NO_MEMORY = ("RESOURCE_EXHAUSTED", "returned NULL without setting an exception")
"""What JAX says of memory that it does not get, and Python where such an error was lost."""


class InputError(ValueError):
    """Something that the person who runs the command can mend; shown without a traceback."""


class Taken(InputError):
    """A folder that is another run's: in use, or with its result; it is left as it is."""


@contextmanager
def memory_by_name() -> Iterator[None]:
    """Raise lack of memory as MemoryError where JAX, or C code of Python, tells it another way."""
    try:
        yield
    except (SystemError, RuntimeError) as error:
        said = str(error)
        if any(sign in said for sign in _NO_MEMORY):
            raise MemoryError(said.splitlines()[0]) from error
        raise


def nearest(word: str, choices: Iterable[str]) -> str:
    """A sentence that names the nearest choice, or all of them where none is near."""
    from davinz_jax.choices import suggestion  # the package brings JAX: --help does without

    choices = sorted(choices)
    return suggestion(word, choices) or f"choose from: {', '.join(choices)}"


def explain(error: Exception, folder: Path, config_name: str, arguments: Sequence[str]) -> str:
    """The text of an error, with the nearest key or choice where one was misspelt."""
    if isinstance(error, OSError) and error.errno is not None:
        return _explain_file(error)
    if isinstance(error, MemoryError):
        return (
            f"memory: wanted room for the data and its kernels, got too little ({error}); give "
            "fewer rows, or bound the kernels by ntk.num_blocks, ntk.memory or ntk.store"
        )
    text = "\n".join(str(part) for part in _chain(error) if str(part))
    bad_key = re.search(r"Could not override '([^']+)'|Key '([^']+)' (?:is )?not in", text)
    bad_launcher = re.search(r"Could not find 'hydra/launcher/([^']+)'", text)
    bad_choice = re.search(r"Could not (?:find|load) '([\w-]+)/([^']*)'", text)
    bad_group = re.search(r"Could not override '([\w/@.-]+)'.\nNo match in the defaults list", text)
    if bad_launcher:
        return _explain_launcher(bad_launcher.group(1))
    if bad_choice:
        group, name = bad_choice.groups()
        return f"{group}: unknown choice {name!r}; {nearest(name, _choices(folder / group))}"
    misnamed = bad_group or bad_key
    if misnamed:
        return _explain_key(misnamed, text, folder, config_name)
    said = explain_composition(text, folder, config_name, arguments)
    return said or _root_text(error)


def _explain_file(error: OSError) -> str:
    """What the file system refused, with a remedy."""
    said = f"{error.strerror}, error {error.errno}"
    place = error.filename or "a file"
    wanted, remedy = REMEDIES.get(
        error.errno or 0, ("wanted a file system that answers, got an error", "see to the disk")
    )
    return f"{place}: {wanted} ({said}); {remedy}"


def _explain_launcher(name: str) -> str:
    extra = EXTRAS.get(name.partition("_")[0])
    if extra is None:
        known = [*EXTRAS, "submitit_local", "submitit_slurm", "basic"]
        return f"hydra/launcher: unknown choice {name!r}; {nearest(name, known)}"
    return f"hydra/launcher: {name} is not installed; pip install 'davinz-jax[{extra}]'"


def _chain(error: BaseException) -> Iterable[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _root_text(error: Exception) -> str:
    """What the library itself said, where Hydra's instantiation wraps it."""
    if error.__class__.__name__ == "InstantiationException" and error.__cause__ is not None:
        return f"{str(error.__cause__)} (in {str(error).splitlines()[-1].strip()})"
    if error.__class__.__name__ in ("ConfigCompositionException", "ConfigTypeError"):
        return "\n".join(str(part) for part in _chain(error))
    return str(error)


def _explain_key(match: re.Match[str], text: str, folder: Path, config_name: str) -> str:
    key = next(group for group in match.groups() if group)
    full = re.search(r"full_key: (\S+)", text)
    key = full.group(1) if full and key in full.group(1) else key
    file = re.search(r"In '(experiment)/(\w+)'", text)
    where = f"{file.group(1)}={file.group(2)}: " if file else ""
    known = known_keys(folder, config_name)
    if key in MOVED:
        return explain_moved(key)
    if key in known and "." in key:
        owners = ", ".join(_owners(key, folder))
        return (
            f"{where}{key}: wanted an option of the choice at hand, got another's; name it, "
            f"{owners}, or leave it out"
        )
    near = nearest(key, known - {key})
    return f"{where}unknown option {key!r}; {near} (--help lists every option)"


def explain_moved(key: str) -> str:
    """What takes the place of an option that a utility of ours had."""
    return (
        f"{key}: wanted the kernel named once, in the group kernel, got it below utility; set "
        f"{MOVED[key]}=… instead"
    )


def _owners(key: str, folder: Path) -> list[str]:
    """The choices that have an option, as in `kernel=rbf`."""
    group, _, name = key.partition(".")
    paths = sorted((folder / group).glob("*.yaml"))
    return [f"{group}={path.stem}" for path in paths if name in _keys(path)]


def refuse_lists(arguments: Iterable[str], folder: Path) -> None:
    """Refuse lists of choices for one group, of which Hydra takes the last, or fails.

    Raises:
        InputError: naming what to name in place of a list.
    """
    for text in arguments:
        group, _, choice = text.lstrip("+").partition("=")
        if (folder / group).is_dir() and choice.startswith("["):
            raise InputError(
                f"{group}: wanted one choice, got {choice}, the last of which would hide the "
                f"others; name one, or sweep with -m {group}={choice.strip('[]')}"
            )


def refuse_unknown(cfg: DictConfig, folder: Path) -> None:
    """Refuse options that no schema has, though `++` forced them in.

    Raises:
        InputError: naming the nearest that there is.
    """
    for key in unknown_options(cfg):
        known = known_keys(folder, HydraConfig.get().job.config_name or "")
        raise InputError(f"unknown option {key!r}; {nearest(key, known - {key})} (nothing uses it)")


def _choices(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("*.yaml")]


def _keys(path: Path) -> set[str]:
    """Dotted keys of one choice of a group."""
    return set(_dotted(OmegaConf.to_container(OmegaConf.load(path)), ""))


def _dotted(node: Any, prefix: str) -> Iterable[str]:
    for key, value in node.items() if isinstance(node, dict) else ():
        yield f"{prefix}{key}"
        yield from _dotted(value, f"{prefix}{key}.")


def known_keys(folder: Path, config_name: str) -> set[str]:
    """Every option of a command: groups, and dotted keys of their files and of the schema."""
    keys, primary = set(registry.option_texts(config_name)), folder / f"{config_name}.yaml"
    groups = groups_of(folder, primary.read_text()) if primary.is_file() else _all_groups(folder)
    for group in groups:
        keys.add(group)
        for path in (folder / group).glob("*.yaml") if group not in ELSEWHERE else ():
            keys |= {f"{group}.{key}" for key in _keys(path)}
    if primary.is_file():
        keys |= set(map(str, OmegaConf.load(primary)))
    hidden = ("_target_", "_partial_", "_args_", "defaults")
    return {key for key in keys if not key.endswith(hidden)}


def _all_groups(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_dir()]
