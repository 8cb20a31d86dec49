"""Where data comes from: one module a source, and how tables become arrays.

A source is a function of keywords, `key` and `progress` among them. It gathers all its rows as a
`Dataset` with a validation set (`hold_out` where there is none), leaves the choice of rows to
`select_dataset`, decodes the inputs of those in use (`Dataset.map_inputs`) and ends in `validate`.
"""
