"""The second opinion of a valuation, formed after the first."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from davinz_jax.semivalues import Valuation
from experiments.report.opinions import LeftOut, Opinion
from experiments.runtime import compose
from experiments.runtime.auto import Resolved
from experiments.runtime.console import Stages
from experiments.runtime.context import Context, Rows
from experiments.runtime.second_opinion import refuse_long

STAGE = "second opinion"


@dataclass(frozen=True)
class Second:
    """A second opinion to be formed.

    Attributes:
        choice: its configuration.
        is_wanted: whether it was asked for, whatever it takes, and may fail loudly.
    """

    choice: Resolved
    is_wanted: bool

    def form(self, first: Context, valuation: Valuation, stages: Stages) -> Opinion | LeftOut:
        """The opinion; left out, with the reason, where it cannot be had and was not asked for.

        Args:
            first: what the first opinion is made of.
            valuation: the first opinion.
            stages: times of the run so far; the opinion is a stage of its own.
        """
        before = sum(stages.seconds.values())
        with stages.stage(STAGE), _noted() as notes:
            try:
                utility, values = self._value(first, stages, before)
            except (ValueError, MemoryError) as error:
                if self.is_wanted:
                    raise
                return LeftOut(str(error))
        return Opinion(valuation, values, utility.describe(), stages.seconds[STAGE], tuple(notes))

    def _value(self, first: Context, stages: Stages, seconds: float) -> tuple[Any, Valuation]:
        components = compose.components(OmegaConf.create(self.choice.settings))
        components = components if self.choice.uses_network else components.without_network()
        place = first.checkpoint
        context = components.context(
            Rows(first.dataset, first.parties, first.corrupted),
            stages,
            values_rows=first.ingredients.values_rows,
            checkpoint=None if place is None else checkpoint_of_second(place),
            announce=None if self.is_wanted else partial(refuse_long, seconds=seconds),
            beside=first.ingredients,
        )
        utility = components.utility(context.ingredients)
        return utility, components.value(context, utility)


def checkpoint_of_second(first: Path) -> Path:
    """The file of the second opinion's samples, beside that of the first's."""
    return first.with_name(f"{first.name}_second")


@contextmanager
def _noted() -> Iterator[dict[str, None]]:
    """Warnings of ours as texts, each once, lest they seem to be of the first opinion."""
    texts: dict[str, None] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield texts
    texts |= {str(each.message): None for each in caught if issubclass(each.category, UserWarning)}
