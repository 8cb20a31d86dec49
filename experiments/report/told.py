"""What a trust run said of a utility on these data, as later tables repeat it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Told:
    """What a run of `experiments.trust` said.

    Attributes:
        sentence: whether the values may be believed.
        verdict: the same in a word.
        folder: of the run.
        scores: of the utility and what stood beside it, as its result.json has them.
    """

    sentence: str
    verdict: str
    folder: str
    scores: Mapping[str, Any]

    def line(self) -> str:
        """A note below a table."""
        return f"experiments.trust on these data: {self.sentence}"

    def record(self) -> dict[str, Any]:
        """As result.json holds it."""
        return {
            "sentence": self.sentence,
            "verdict": self.verdict,
            "folder": self.folder,
            "spearman": self.scores["utility"]["spearman"],
        }
