"""Tests of the project; a package, so that no library's folder of this name is taken for it."""
