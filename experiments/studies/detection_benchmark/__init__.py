"""Wrong rows found by OpenDataVal's protocols: all methods of ours and rivals, draw by draw."""
