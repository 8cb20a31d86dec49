"""What a run shows: numbers over seeds, tables, figures, and the files of a valuation.

`estimates` keeps numbers in a tidy frame; `tables` writes them out; `plots` and `plots_studies`
draw frames; `values` reports a valuation; `page` makes report.html; `notebooks` reads saved runs.
"""
