"""Which rows of a dataset are wrong: labels, numbers and inputs, without clean data.

`label_margins` and `target_residuals` check every row of a kernel by regression on the others;
`label_margins_of_blocks` does so for more rows than one kernel holds, from `row_kernel_blocks` or
`tangent_kernel_blocks`. `cut_two_means`, `cut_rate`, `cut_wrong_labels` and `cut_false_discovery`
say which rows to drop, `fit_label_mixture` how many labels are wrong; `check_classes_left` refuses
a cut that leaves one class. Noise in the inputs is found by the `novelty` of a check, best with an
RBF kernel.
"""

from davinz_jax.detection.blocks import (
    random_blocks,
    row_kernel_blocks,
    tangent_kernel_blocks,
    usual_block_size,
)
from davinz_jax.detection.cuts import (
    Cut,
    Rule,
    check_classes_left,
    cut_false_discovery,
    cut_rate,
    cut_two_means,
    cut_wrong_labels,
)
from davinz_jax.detection.margins import (
    KernelBlock,
    RowCheck,
    label_margins,
    label_margins_of_blocks,
    target_residuals,
)
from davinz_jax.detection.mixture import LabelMixture, Mixture, fit_label_mixture, fit_mixture

__all__ = [
    "Cut",
    "KernelBlock",
    "LabelMixture",
    "Mixture",
    "RowCheck",
    "Rule",
    "check_classes_left",
    "cut_false_discovery",
    "cut_rate",
    "cut_two_means",
    "cut_wrong_labels",
    "fit_label_mixture",
    "fit_mixture",
    "label_margins",
    "label_margins_of_blocks",
    "random_blocks",
    "row_kernel_blocks",
    "tangent_kernel_blocks",
    "target_residuals",
    "usual_block_size",
]
