"""Rows of highest or lowest value removed and a model retrained, by OpenDataVal's protocol."""
