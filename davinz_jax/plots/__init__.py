"""Figures of frames and arrays; nothing here computes a value.

`values_figure` draws values with their terms and intervals, `rows_figure` images of single rows,
`sizes_figure` the rows of each party and class, `margins_figure` and `views_figure` how doubtful
rows are, `ridge_figure` the error by ridge; `add_opinion` sets a second opinion beside values;
`beside_figure` and `effects_figure` draw what helped and hurt one validation row.
matplotlib is imported when something is drawn. Figures are pyplot's, so that `pyplot.show` shows
them; where a notebook draws the value of a cell, they are not, lest it draw them twice.
"""

from davinz_jax.plots.explained import Line, beside_figure, effects_figure
from davinz_jax.plots.margins import margins_figure, views_figure
from davinz_jax.plots.opinions import add_opinion
from davinz_jax.plots.ridges import ridge_figure
from davinz_jax.plots.rows import rows_figure, sizes_figure
from davinz_jax.plots.style import INK, PALETTE, panels, style
from davinz_jax.plots.text import drawn, printable
from davinz_jax.plots.values import MOST_BARS, TERM_CAPTIONS, values_figure

__all__ = [
    "INK",
    "Line",
    "MOST_BARS",
    "PALETTE",
    "TERM_CAPTIONS",
    "add_opinion",
    "beside_figure",
    "drawn",
    "effects_figure",
    "margins_figure",
    "panels",
    "printable",
    "ridge_figure",
    "rows_figure",
    "sizes_figure",
    "style",
    "values_figure",
    "views_figure",
]
