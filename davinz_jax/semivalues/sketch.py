"""The sketch of a kernel as a source of error: values by either of its halves.

A sketched kernel is the mean of two independent estimates. The same semivalue is taken of either,
at the same ridge and with the same samples; half the difference of the two is the error of the mean
of one draw of the network, and how far their mean is from the value tells of its bias: values are
not linear in the kernel, and a bias halves when the sketch doubles, as from a half to the whole.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from davinz_jax.semivalues.intervals import SketchedValues
from davinz_jax.semivalues.summands import summands_of
from davinz_jax.semivalues.valuation import Valuation
from davinz_jax.types import Utility
from davinz_jax.utility.kernel_algebra import sketch_halves


def add_sketch_error(
    valuation: Valuation, utility: Utility, value: Callable[[Utility], Valuation]
) -> Valuation:
    """The valuation with the sketch of its kernels as a source of error; itself without one.

    Args:
        valuation: of the utility.
        utility: what was valued.
        value: the semivalue that gave it, with the same random key.
    """
    shape = (2, valuation.num_initialisations, len(valuation.players))
    deviations, is_sketched = np.zeros(shape), False
    for weight, terms, part in summands_of(utility):
        halves = sketch_halves(part)
        if halves is None:
            continue
        is_sketched = True
        found = [weight * value(half).contributions.sum(axis=0) for half in halves]
        deviations += np.stack(found) - valuation.contributions[terms].sum(axis=0)
    return replace(valuation, sketched=SketchedValues(deviations)) if is_sketched else valuation
