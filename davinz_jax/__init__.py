"""DAVINZ in JAX."""
