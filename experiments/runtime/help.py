"""The text of --help: every option of a command with its default and unit.

Read from the schema and from the comments beside the keys in conf/, without composing anything
and without importing what computes.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from experiments.runtime.program import as_typed
from experiments.runtime.schema import registry

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]\w*):\s*(?P<default>.*?)\s*#\s(?P<text>.*)$")
_SHOWN_FIRST = ("data", "model", "parties", "corruption", "utility", "semivalue",
                "kernel", "ntk", "mmd")  # fmt: skip

_WEIGHTS = """\
  model.weights: names of the file's entries are PyTorch's, as in a state_dict
    layer1.0.conv1.weight     for the Flax parameter params/layer1.0/conv1/kernel
    NAME.weight, NAME.bias    of a layer: kernel, bias; of a norm: scale, bias
    NAME.running_mean, .running_var   of a BatchNorm: batch_stats mean, var; left out they are 0, 1
    Layouts are PyTorch's: (out, in) of a dense layer, (out, in, height, width) of a convolution.
    In .npz all may stand under the prefix weights/. A Flax module of yours: its submodules' names.
    What is missing, unexpected or misshaped is refused, and the message lists it."""


def text(folder: Path, config_name: str) -> str:
    """Options of one command, group by group."""
    primary = (folder / f"{config_name}.yaml").read_text()
    lines = [line[1:].lstrip() for line in primary.splitlines() if line.startswith("#")]
    lines += ["", f"usage: python -m experiments.{config_name} [GROUP=CHOICE] [KEY=VALUE] ...", ""]
    for group in groups_of(folder, primary):
        if not _choices(folder / group, config_name):
            continue
        lines += [*_group_lines(folder / group, config_name), ""]
    lines += ["OPTIONS (key, default, meaning, unit)", *_schema_lines(config_name), ""]
    lines += [
        "Sweeps: -m KEY=A,B,C (every combination); hydra/launcher=joblib for several at once.",
        "Folder: hydra.run.dir=DIR. Composed configuration without running: --cfg job.",
    ]
    return as_typed("\n".join(lines) + "\n")


def groups_of(folder: Path, primary: str) -> list[str]:
    """Groups that the primary configuration and its frame list as defaults, known ones first."""
    if "- frame\n" in primary:
        primary += (folder / "frame.yaml").read_text()
    named = re.findall(r"^\s+- (?:override /)?([a-z_]+):", primary, re.MULTILINE)
    groups = [name for name in dict.fromkeys(named) if (folder / name).is_dir()]
    return sorted(groups, key=lambda g: (_SHOWN_FIRST + (g,)).index(g))


def _group_lines(group: Path, config_name: str) -> Iterator[str]:
    """The group's choices, each with its own keys; keys that all choices share come last."""
    options = {path: _options(path) for path in _choices(group, config_name)}
    shared = set.intersection(*map(set, options.values())) if len(options) > 1 else set()
    yield f"{group.name.upper()}  ({group.name}=CHOICE)"
    for path, rows in options.items():
        yield f"  {group.name}={path.stem:<18} {_headline(path)}"
        yield from (_row(*row, 4) for row in rows if row not in shared)
    if shared:
        yield f"  every {group.name} also takes"
        yield from (_row(*row, 4) for row in next(iter(options.values())) if row in shared)
    if group.name == "model":
        yield from _WEIGHTS.splitlines()


def _choices(group: Path, config_name: str) -> list[Path]:
    """Files of a group; of the experiments, those of this command."""
    pattern = f"{config_name}_*.yaml" if group.name == "experiment" else "*.yaml"
    return sorted(group.glob(pattern))


def _headline(path: Path) -> str:
    comments = (line[1:].strip() for line in path.read_text().splitlines() if line[:2] == "# ")
    return next((text for text in comments if not text.startswith("@package")), "")


def _options(path: Path) -> list[tuple[str, str, str]]:
    """Dotted key, default and meaning of every commented key, also of nested ones."""
    options, parents = [], {0: path.parent.name}
    for match in filter(None, map(_KEY.match, path.read_text().splitlines())):
        depth = len(match["indent"])
        key = f"{parents[depth]}.{match['key']}"
        parents[depth + 2] = key
        if match["default"]:
            options.append((key, match["default"], match["text"]))
    return options


def _schema_lines(config_name: str) -> Iterator[str]:
    for key, (default, meaning) in registry.option_texts(config_name).items():
        yield _row(key, default, meaning, 2)


def _row(key: str, default: str, meaning: str, indent: int) -> str:
    return f"{' ' * indent}{key:<30} {default:<12} {meaning}"
