"""Do intervals hold what they should? Redrawn validation sets, and a table of five hospitals."""
