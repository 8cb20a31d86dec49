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

from experiments.report.notebooks import display_figures, run, saved_runs
from experiments.report.plots_studies import estimates_figure, property_figure, scatter_figure
from experiments.studies.correlation import CAPTIONS, find_scores, find_truths
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
question = Property("size", "rows", 1, doses=list, is_logarithmic=True)
columns = ["value", "complexity", "discrepancy"]
property_figure(quantity.measurements, columns, question, level=0.95)

# %%
quantity.table()

# %% [markdown]
# ## Does ν of a data set tell how well a network trained on it will do?
# One panel a score; the last one is the logarithm of the number of rows, which any score must beat.

# %%
correlation = saved["correlation"]
scores = find_scores(correlation.measurements)
truth = find_truths(correlation.measurements)[0]
scatter_figure(correlation.measurements, scores, truth, captions=CAPTIONS)

# %%
numbers = correlation.estimates
points = {CAPTIONS[score]: numbers.get("spearman", score, truth) for score in scores}
estimates_figure({"bootstrap sets": points}, xlabel=f"Spearman correlation with {CAPTIONS[truth]}")
