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
# Every figure of [docs/experiments.md](../docs/experiments.md), drawn anew from
# `results/experiments`. `DAVINZ_RESULTS` names a folder of runs in its place: `outputs`, the folder
# of a plan or a sweep, or that of one run of any experiment. Where nothing is kept, one experiment
# runs here at smoke size: seconds, and far too small for conclusions.

# %% tags=["hide-input"]
import os
import tempfile
from pathlib import Path

from IPython.display import Markdown, display

from experiments.report.notebooks import display_figures, run
from experiments.studies.reproduce.gallery import FOLDER, pictures

display_figures()

# %%
named = os.environ.get("DAVINZ_RESULTS") or (FOLDER if FOLDER.is_dir() else None)
folder = Path(named or tempfile.mkdtemp())
if named is None:
    run("data_quantity", folder, ["experiment=data_quantity_smoke"])
shown = pictures(None if folder == FOLDER else folder)
[picture.name for picture in shown]

# %% [markdown]
# ## What each run says of itself
# The sentences are those that the run printed: whether its property shows, with the interval over
# seeds, and whether a predictor that looks at next to nothing does as well.

# %%
{picture.name: list(picture.verdicts) for picture in shown}

# %% [markdown]
# ## Every figure
# Correlation: one panel a score, each point a data set; the last is the logarithm of the number of
# rows, which any score must beat. All others: numbers with their intervals over seeds.

# %%
for picture in shown:
    display(Markdown(f"### {picture.name}"), picture.figure)

# %% [markdown]
# ## The numbers of the first

# %%
shown[0].table()
