"""Options of `experiments.finetuning`."""

from dataclasses import dataclass

from omegaconf import MISSING

from experiments.runtime.schema.options import Command, option


@dataclass
class Finetuning(Command):
    """Options of `experiments.finetuning`."""

    path: str = option("file of the rows, with a header: CSV, packed or not (path)", MISSING)
    validation_path: str = option("file of the validation rows, likewise (path)", MISSING)
    weights: str = option("folder of the pretrained encoder, as for model=bert (path)", MISSING)
    text: str = option("column of the texts (column name)", "text")
    target: str = option("column of the classes (column name)", "label")
    max_tokens: int = option("tokens of a row at most (tokens)", 64)
    num_rows: int = option("rows valued, drawn at random", 2000)
    num_validation_rows: int = option("validation rows, drawn at random", 872)
    noise: float = option("labels replaced by another class, (0, 0.5] (share)", 0.1)
    num_tuned: int = option("layers tuned, from the last, beside the head", 2)
    num_permutations: int = option("permutations of the Shapley values", 200)
    share: float = option("rows that networks are tuned on, (0, 0.5] (share)", 0.2)
    num_epochs: int = option("epochs of a tuned network", 8)
    num_layer_rows: int = option("rows on which layers are compared, all parameters too", 2000)
    num_seeds: int = option("tuned networks of each set of rows", 3)
    level: float = option("coverage of the intervals (probability)", 0.95)
    seed: int = option("seed of rows, wrong labels, head and permutations (integer)", 0)
    keep: bool = option("also keep the result in results/ and on docs/finetuning.md", False)


COMMANDS: dict[str, type] = {"finetuning": Finetuning}
