"""Files of tables as people have them, and tables in memory, read into frames.

`reading.open_table` recognises what a file is (`unpack`, `encodings`, `separators`, `numbers`) and
keeps its rows findable; `memory` takes a table that is there already; `dates` finds dates in words;
`options` holds what a person says of a file.
"""
