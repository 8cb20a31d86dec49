"""Execution: how the tiles of a kernel are fitted into a machine, whatever engine computes them.

`plan` chooses batches within a `memory` and refuses what does not fit; `forecast` says beforehand
what it takes. `batches` cuts rows, `tiles` fills kernels tile by tile, `workers` shares tiles among
devices and processes, `destination` and `store` are where they go, in memory or on disk, and
`identity` says of what a kernel is, so that a stored one is known again.
"""
