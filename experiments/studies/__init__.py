"""What the commands do, one module each; `base` is the frame of those over seeds.

`properties` asks three of the paper's questions of one form; `correlation`, `comparison`,
`model_robustness` and `ablation` one each; `fidelity` holds scores against trained networks.
`value` values one configuration, `score` and `payout` go on from its result, `collect` gathers a
sweep.
"""
