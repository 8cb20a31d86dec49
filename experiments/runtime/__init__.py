"""The machinery of every command: it knows Hydra and the console, and computes nothing.

`app` launches a command; `schema` declares options, `help` shows them, `errors` says which was
meant. `compose` makes what a configuration names, each of the form that `protocols` gives its
kind, and the `context` that is passed on whole; `sources` and `semivalues` are components that only
configurations need. `hosting` shares kernels among processes, `console` shows progress, `outputs`
writes and `saved` reads results.
"""
