"""The machine that goes on looking: generated inputs, faults and networks; see `run`."""
