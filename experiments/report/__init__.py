"""What a run shows: numbers over seeds, tables, figures, and the files of a valuation.

`estimates` keeps numbers in a tidy frame; `tables` writes them out; `plots_studies` draws frames of
studies; `plots` saves figures, also those of `davinz_jax.plots`; `values` reports a valuation;
`page` makes report.html; `notebooks` reads saved runs.
"""
