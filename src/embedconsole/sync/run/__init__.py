"""One run of some pipelines, and the engine that holds several.

Read `engine` (leases, dead processes), `run` (the pipelines of one run), `pipeline_run` (a planner and
workers until nothing is left to do), `components` (a pipeline's parts), `generations` (which collection is
filled) and `takeover` (a collection that this ledger has not used before).

Used from outside: `Engine`, `Components`, `open_components`, `components_of`, `current_generation`,
`dry_run`, `initialise`.
"""
