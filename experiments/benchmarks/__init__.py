"""What `experiments.benchmark` measures, one function a measurement.

Two sides of a question are measured side by side, in turns, so that a busy machine slows both
alike; each measurement also checks that its sides computed the same numbers. `measuring` times,
`memory` reads peaks of processes of their own, `operations` counts, `workloads` makes rows and
kernels; `engines`, `growth`, `coalitions`, `discrepancy`, `sketches` and `sketched_values` hold the
measurements; `sizes` and `suites` say which are made; `records` keeps them, `figures` and `page`
show them.
"""
