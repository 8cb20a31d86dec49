"""How long and how fast networks are trained: the paper's stopping rule and rates."""

from dataclasses import dataclass
from typing import Any

from jaxtyping import ScalarLike

from davinz_jax.types import Task


@dataclass(frozen=True)
class Schedule:
    """Stochastic gradient descent until the epoch's loss settles.

    Training ends after the first epoch, from `min_epochs` on, whose mean loss differs from the
    last one's by less than `tolerance`, and after `max_epochs` at the latest.

    With `patience` it ends by a validation rule instead: after so many epochs in which the loss on
    the validation set did not fall by `tolerance` below its least, whose weights are then taken.
    The rule looks at 512 validation rows at most; what a network achieves on the same validation
    set is a little too good then, and in the same way for every network.

    Attributes:
        learning_rate: of plain SGD, or with `momentum`.
        batch_size: rows of a minibatch; a smaller dataset is one batch.
        tolerance: change of the epoch loss that counts as settled, or, with `patience`, fall of
            the validation loss that counts as progress; unit of the loss.
        min_epochs: epochs trained in any case.
        max_epochs: epochs trained at most.
        momentum: of SGD; 0 is the paper's.
        patience: epochs without progress on the validation set after which training ends; 0 for
            the paper's rule, which looks at the training loss.
    """

    learning_rate: ScalarLike = 0.01
    batch_size: int = 128
    tolerance: ScalarLike = 1e-6
    min_epochs: int = 50
    max_epochs: int = 1000
    momentum: ScalarLike = 0.0
    patience: int = 0

    def __post_init__(self) -> None:
        for name in ("learning_rate", "tolerance", "momentum", "patience"):
            _refuse(name, getattr(self, name), bool(getattr(self, name) >= 0), "at least 0")
        _refuse("batch_size", self.batch_size, self.batch_size >= 1, "at least one row")
        ordered = 0 <= self.min_epochs <= self.max_epochs
        _refuse("min_epochs", self.min_epochs, ordered, f"0 to max_epochs = {self.max_epochs}")


def paper_schedule(task: Task, *, tolerance: ScalarLike = 1e-6) -> Schedule:
    """The paper's ground truth.

    Args:
        task: classification trains at rate 0.01 for 50 to 1,000 epochs, regression at 0.1 for
            1,000 to 3,000.
        tolerance: 1e-6 for the CNN, 1e-8 for VGG, ResNet and CNN8, 1e-10 for the MLP.
    """
    if task == "classification":
        return Schedule(tolerance=tolerance)
    return Schedule(learning_rate=0.1, tolerance=tolerance, min_epochs=1000, max_epochs=3000)


def fixed_schedule(task: Task, *, epochs: int = 300) -> Schedule:
    """The paper's rates for a given number of epochs, as its baselines train."""
    rate = paper_schedule(task).learning_rate
    return Schedule(learning_rate=rate, tolerance=0.0, min_epochs=epochs, max_epochs=epochs)


def given_schedule(
    task: Task,
    *,
    learning_rate: ScalarLike,
    batch_size: int,
    tolerance: ScalarLike,
    min_epochs: int,
    max_epochs: int,
    momentum: ScalarLike = 0.0,
    patience: int = 0,
) -> Schedule:
    """Every number by hand, as in `Schedule`; the same for either task, which is not looked at."""
    return Schedule(
        learning_rate, batch_size, tolerance, min_epochs, max_epochs, momentum, patience
    )


def _refuse(name: str, got: Any, fits: bool, wanted: str) -> None:
    if not fits:
        raise ValueError(f"{name}: wanted {wanted}, got {got}; change the training schedule")
