"""Hydra-driven commands: each module answers one question about what data is worth.

This is the only place that knows Hydra, run folders and figures; what it computes comes from
`davinz_jax`, which takes values and never configurations.
"""
