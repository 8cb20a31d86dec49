"""The texts of a run: rows of which some labels are wrong, and a pretrained encoder for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import jax
import numpy as np
from jaxtyping import Bool, Float, Int
from omegaconf import DictConfig

from davinz_jax import Dataset
from davinz_jax.data import Validation, flip_labels, load_text, open_table
from davinz_jax.models import BERT, features, load_pretrained
from davinz_jax.types import Variables
from experiments.runtime import compose


@dataclass(frozen=True)
class Problem:
    """What every method sees, and what judges it.

    Attributes:
        dataset: token ids with given labels, some of them wrong; validation rows with true ones.
        is_wrong: rows whose label was replaced.
        texts: of the rows, as the file has them.
        model: the encoder with a head.
        variables: pretrained, the head drawn.
    """

    dataset: Dataset
    is_wrong: Bool[np.ndarray, " n"]
    texts: Sequence[str]
    model: BERT
    variables: Variables

    @cached_property
    def embeddings(self) -> Float[np.ndarray, "n d"]:
        """Frozen features of the rows: what the head sees."""
        return np.asarray(features(self.model, self.variables, self.dataset.inputs))

    @cached_property
    def validation_embeddings(self) -> Float[np.ndarray, "m d"]:
        """Likewise of the validation rows."""
        return np.asarray(features(self.model, self.variables, self.dataset.validation.inputs))

    @property
    def validation_labels(self) -> Int[np.ndarray, " m"]:
        """True classes of the validation rows."""
        labels = self.dataset.validation.targets
        assert labels is not None  # `make_problem` sees to it
        return labels


def make_problem(cfg: DictConfig) -> Problem:
    """Rows, wrong labels and encoder of a run; draws by its seed.

    Raises:
        ValueError: as `load_text` and `load_pretrained`.
    """
    rows_key, flip_key, head_key = jax.random.split(compose.random_key(cfg.seed), 3)
    clean = load_text(
        cfg.path, text=cfg.text, target=cfg.target, tokenizer=cfg.weights,
        validation_path=cfg.validation_path, max_tokens=cfg.max_tokens,
        num_rows=cfg.num_rows, num_validation_rows=cfg.num_validation_rows, select="random",
        key=rows_key,
    )  # fmt: skip
    dataset, is_wrong = flip_labels(clean, fraction=cfg.noise, key=flip_key)
    model, variables = load_pretrained(cfg.weights, num_outputs=dataset.num_classes, key=head_key)
    return Problem(dataset, is_wrong, _texts(cfg, dataset), model, variables)


def _texts(cfg: DictConfig, dataset: Dataset) -> list[str]:
    """Texts of the rows, found again by their lines."""
    assert dataset.lines is not None  # a text file has lines
    table = open_table(cfg.path)
    by_line = dict(zip(table.lines.tolist(), table.cells()[cfg.text], strict=True))
    return [str(by_line[line]) for line in dataset.lines.tolist()]


def as_numbers(problem: Problem, inputs: Float[np.ndarray, "n d"]) -> Dataset:
    """The rows as numbers, whose own validation rows stand for none."""
    few = Validation(inputs[:1], problem.dataset.targets[:1])
    return replace(problem.dataset, inputs=inputs, validation=few, input_kind="numbers", lines=None)
