"""The page of a run: which rows of fine-tuning data are worth what, by whom."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from experiments.report.page.common import text_table
from experiments.report.page.document import Document
from experiments.report.page.of_study import study_page
from experiments.studies.finetuning import page


def report(content: Mapping[str, Any], figures: Mapping[str, Figure]) -> Document:
    """The page of a run.

    Args:
        content: what its JSON file holds.
        figures: by file name.
    """
    return study_page(
        "Fine-tuning data, valued by a pretrained encoder's tangent kernel",
        verdicts=[line.replace("**", "") for line in page.verdicts(content)],
        tables=[text_table("wrong labels and tuned networks", *page.method_rows(content))],
        figure=figures["finetuning.png"],
        notes=content["notes"],
        content=content,
    )
