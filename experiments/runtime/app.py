"""The frame around every command: compose the configuration, run, and say plainly what is wrong.

A command is `main(cfg) -> dict of numbers`, started by `launch(main, "name")`, where conf/name.yaml
is its primary configuration. Bad input, or a machine without room, ends with one message and exit
status 1, SIGTERM as Ctrl-C does; a fault of ours keeps its traceback. HYDRA_FULL_ERROR=1 shows the
traceback of either.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments.runtime import help as option_help
from experiments.runtime.errors import (
    Taken,
    explain,
    memory_by_name,
    refuse_lists,
    refuse_unknown,
)
from experiments.runtime.jobs import announced
from experiments.runtime.places import placed
from experiments.runtime.program import as_typed, refuse_keeping
from experiments.runtime.schema import registry
from experiments.runtime.stopping import answer_signals

CONFIG_FOLDER = Path(__file__).resolve().parents[2] / "conf"

FULL_ERROR = "HYDRA_FULL_ERROR"
BAD_INPUT = (HydraException, OmegaConfBaseException, ValueError, OSError, MemoryError)
"""Errors that a person can mend; `InputError` is one."""

Main = Callable[[DictConfig], dict[str, Any]]


def launch(main: Main, config_name: str, options: type | None = None) -> None:
    """Run a command from its command line, or print its options for --help.

    Args:
        main: the command.
        config_name: its primary configuration, conf/NAME.yaml or one in a folder of --config-dir.
        options: dataclass of its own options, where `schema.registry` does not have them; the
            primary configuration takes it as NAME_schema.
    """
    wants_traceback = os.environ.get(FULL_ERROR) == "1"
    answer_signals()
    try:
        registry.register(config_name, options)
        if {"--help", "-h"} & set(sys.argv[1:]):
            sys.stdout.write(option_help.text(CONFIG_FOLDER, config_name))
            return
        refuse_lists(sys.argv[1:], CONFIG_FOLDER)
        with _whole_errors():
            hydra.main(version_base="1.3", config_path=str(CONFIG_FOLDER), config_name=config_name)(
                _tidy_after(main)
            )()
    except BAD_INPUT as error:
        if wants_traceback:
            raise
        exit_with(error, config_name)
    except _Refused as refused:
        if wants_traceback:
            raise refused.error from refused.error.__cause__
        exit_with(refused.error, config_name)
    except KeyboardInterrupt:
        sys.exit("interrupted; what was finished before is kept, and half a result is not written")


@contextmanager
def _whole_errors() -> Iterator[None]:
    """Let exceptions reach us whole instead of half-printed by Hydra; its setting is put back."""
    told = os.environ.get(FULL_ERROR)
    os.environ[FULL_ERROR] = "1"
    try:
        yield
    finally:
        if told is None:
            del os.environ[FULL_ERROR]
        else:
            os.environ[FULL_ERROR] = told


def exit_with(error: Exception, config_name: str) -> NoReturn:
    """End a command with one message that says what is wrong with its input, and status 1."""
    from davinz_jax.plots import printable  # the package brings JAX: --help does without

    said = explain(error, CONFIG_FOLDER, config_name, sys.argv[1:])
    sys.exit(f"error: {printable(as_typed(said))}")


def output_folder() -> Path:
    """The folder of the run that is going on, or of the job of a sweep."""
    return Path(HydraConfig.get().runtime.output_dir)


def named_options() -> set[str]:
    """Groups and options that the command line or its experiment file names, as in `ntk.ridge`."""
    told = HydraConfig.get()
    named = {text.lstrip("+~").partition("=")[0] for text in told.overrides.task}
    experiment = told.runtime.choices.get("experiment")
    for source in told.runtime.config_sources if experiment else []:
        path = Path(source.path) / "experiment" / f"{experiment}.yaml"
        if source.schema == "file" and path.is_file():
            named |= set(_options_of(OmegaConf.load(path)))
    return named


def _options_of(node: Any, prefix: str = "") -> Iterator[str]:
    """Dotted options of an experiment file, and the groups that its defaults list overrides."""
    for key, value in node.items():
        if not prefix and key == "defaults":
            groups = (group for entry in value if not isinstance(entry, str) for group in entry)
            yield from (str(group).removeprefix("override ").lstrip("/") for group in groups)
        elif isinstance(value, DictConfig):
            yield from _options_of(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


class _Refused(BaseException):
    """Bad input on its way to `launch`, past Hydra, which would print the command line too."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def _tidy_after(main: Main) -> Main:
    """Let no run leave an empty folder, and a failed job of a sweep its reason."""

    def task(cfg: DictConfig) -> dict[str, Any]:
        folder = output_folder()
        try:
            with warnings.catch_warnings(), announced(), memory_by_name():
                warnings.showwarning = _as_note
                refuse_unknown(cfg, CONFIG_FOLDER)
                _check_options(cfg)
                with placed(cfg):
                    content = main(cfg)
        except BaseException as error:
            if not isinstance(error, Taken):
                _tidy(folder)
                _leave_trace(folder, error)
            if isinstance(error, BAD_INPUT) and HydraConfig.get().mode == RunMode.RUN:
                raise _Refused(error) from error
            raise
        _tidy(folder)
        return content

    # Hydra names the job and finds its module through these two.
    task.__module__, task.__qualname__ = main.__module__, main.__qualname__
    return task


def _check_options(cfg: DictConfig) -> None:
    """Refuse what may not be called, and options of a wrong kind before anything looks at them."""
    from experiments.runtime.option_types import check_node
    from experiments.runtime.targets import check_targets

    settings: Any = OmegaConf.to_container(cfg, resolve=False)
    check_targets(settings, settings.get("packages") or ())
    check_node("", settings)
    refuse_keeping(settings)


def _tidy(folder: Path) -> None:
    with suppress(OSError):  # as it is where it holds something
        folder.rmdir()


def _as_note(message: Warning | str, *_: Any) -> None:
    """A warning as a person reads it: what is amiss, without the line of code that found it."""
    from experiments.runtime.console import note

    note(str(message))


def _leave_trace(folder: Path, error: BaseException) -> None:
    if HydraConfig.get().mode == RunMode.MULTIRUN:
        from experiments.runtime.outputs import write_failure

        write_failure(folder, error)
