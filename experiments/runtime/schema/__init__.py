"""Options of the commands: their types, defaults and one-line descriptions."""
