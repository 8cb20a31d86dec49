"""Which rows are wrong, told by all the others."""
