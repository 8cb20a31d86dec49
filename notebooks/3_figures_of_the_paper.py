# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The paper's figures, from saved results
#
# Set `DAVINZ_RESULTS` to a folder that holds runs of the experiments (`outputs`, or the folder of
# a sweep). Without it, two experiments run here at smoke size: seconds, and far too small for
# conclusions.

# %% tags=["hide-input"]
import os
import tempfile
from pathlib import Path

from experiments.report.estimates import OverSeeds
from experiments.report.notebooks import display_figures, run, saved_runs
from experiments.report.plots_studies import estimates_figure, property_figure, scatter_figure
from experiments.studies.correlation import LABELS, NOT_SCORES
from experiments.studies.properties import Property

display_figures()

# %%
named = os.environ.get("DAVINZ_RESULTS")
folder = Path(named or tempfile.mkdtemp())
for name in () if named else ("data_quantity", "correlation"):
    run(name, folder / name, [f"experiment={name}_smoke"])
saved = saved_runs(folder)
sorted(saved)

# %% [markdown]
# ## What each run says of itself
# The sentences are those that the run printed: whether its property shows, with the interval over
# seeds, and whether a predictor that looks at next to nothing does as well.

# %%
{name: list(one.result["verdicts"]) for name, one in saved.items()}

# %% [markdown]
# ## Does a party's value rise with its size?

# %%
quantity = saved["data_quantity"]
question = Property("size", "rows", 1, levels=list, is_logarithmic=True)
columns = ["value", "complexity", "discrepancy"]
property_figure(quantity.measurements, columns, question, level=0.95)

# %%
quantity.estimates()

# %% [markdown]
# ## Does ν of a data set tell how well a network trained on it will do?
# One panel a score; the last one is the logarithm of the number of rows, which any score must beat.

# %%
correlation = saved["correlation"]
scores = [c for c in correlation.measurements.columns if c not in NOT_SCORES]
truth = "accuracy" if "accuracy" in correlation.measurements else "minus_loss"
scatter_figure(correlation.measurements, scores, truth, labels=LABELS)

# %%
found = correlation.result["estimates"]
numbers = {score: found[f"spearman {score} {truth}"] for score in scores}
points = {
    LABELS.get(score, score): OverSeeds(each["mean"], each["low"], each["high"])
    for score, each in numbers.items()
}
estimates_figure({"bootstrap sets": points}, xlabel=f"Spearman correlation with {LABELS[truth]}")
