"""All experiments by one plan.

`jobs` is what a plan in conf/plan lists, `speeds` how long each should take here, `folders` what of
it is done, `record` the file plan.json, `schedule` runs all of them within the time, and `run` is
the command. `kept` results, the
`statements` that they decide and their `figures` make the `page`; `gallery` is for notebooks.
"""
