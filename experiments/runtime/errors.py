"""What was probably meant: configuration errors with the nearest key or choice.

Hydra and OmegaConf say that a key is unknown; a person wants to know which key they misspelt.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from omegaconf import OmegaConf

from experiments.runtime.schema import registry

EXTRAS = {"joblib": "launchers", "submitit": "launchers", "ray": "ray"}
"""Extra of the package that brings each launcher."""


MOVED = {f"utility.{name}": f"kernel.{name}" for name in ("bandwidth", "cosine")}
MOVED["utility.kernel"] = "kernel"
"""Options below a utility that have a group of their own."""


class InputError(ValueError):
    """Something that the person who runs the command can mend; shown without a traceback."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """A sentence that names the nearest choice, or all of them where none is near."""
    from davinz_jax.choices import suggestion  # the package brings JAX: --help does without

    choices = sorted(choices)
    return suggestion(word, choices) or f"choose from: {', '.join(choices)}"


def explain(error: Exception, folder: Path, config_name: str, arguments: Sequence[str]) -> str:
    """The text of an error, with the nearest key or choice where one was misspelt."""
    text = "\n".join(str(part) for part in _chain(error) if str(part))
    bad_key = re.search(r"Could not override '([^']+)'|Key '([^']+)' (?:is )?not in", text)
    bad_launcher = re.search(r"Could not find 'hydra/launcher/([^']+)'", text)
    bad_choice = re.search(r"Could not find '([\w-]+)/([^']+)'", text)
    bad_group = re.search(r"Could not override '([\w/@.-]+)'.\nNo match in the defaults list", text)
    if bad_launcher:
        return _explain_launcher(bad_launcher.group(1))
    if bad_choice:
        group, name = bad_choice.groups()
        return f"{group}: unknown choice {name!r}; {nearest(name, _choices(folder / group))}"
    misnamed = bad_group or bad_key
    if misnamed:
        return _explain_key(misnamed, text, folder, config_name)
    return _root_text(error)


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
    key = full.group(1) if full and full.group(1).endswith(key) else key
    known = known_keys(folder, config_name)
    if key in MOVED:
        return explain_moved(key)
    if key in known and "." in key and _has_group(folder, config_name, key.partition(".")[0]):
        owners = ", ".join(_owners(key, folder))
        return f"{key}: wanted an option of the choice at hand, got another's; name it: {owners}"
    return f"unknown option {key!r}; {nearest(key, known)} (--help lists every option)"


def explain_moved(key: str) -> str:
    """What takes the place of an option that a utility of ours had."""
    return (
        f"{key}: wanted the kernel named once, in the group kernel, got it below utility; set "
        f"{MOVED[key]}=… instead"
    )


def _has_group(folder: Path, config_name: str, group: str) -> bool:
    primary = folder / f"{config_name}.yaml"
    return primary.is_file() and f"- {group}: " in primary.read_text()


def _owners(key: str, folder: Path) -> list[str]:
    """The choices that have an option, as in `kernel=rbf`."""
    group, _, name = key.partition(".")
    paths = sorted((folder / group).glob("*.yaml"))
    return [f"{group}={path.stem}" for path in paths if name in OmegaConf.load(path)]


def _choices(folder: Path) -> list[str]:
    return [path.stem for path in folder.glob("*.yaml")]


def known_keys(folder: Path, config_name: str) -> set[str]:
    """Every option of a command: groups, and dotted keys of their files and of the schema."""
    keys = set(registry.option_texts(config_name))
    for path in folder.glob("*/*.yaml"):
        keys.add(path.parent.name)
        if path.parent.name != "experiment":
            keys |= {f"{path.parent.name}.{key}" for key in OmegaConf.load(path)}
    primary = folder / f"{config_name}.yaml"
    if primary.is_file():
        keys |= set(map(str, OmegaConf.load(primary)))
    hidden = ("_target_", "_partial_", "_args_", "defaults")
    return {key for key in keys if not key.endswith(hidden)}
