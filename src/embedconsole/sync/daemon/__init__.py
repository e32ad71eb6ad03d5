"""An engine that stays: schedule, change feed, orders of operators, heartbeat and samples.

Read `lifecycle` (an engine is opened and closed), `scheduler` (the loop of one pipeline, and of all),
`orders` and `order_listener` (requests through the ledger), `heartbeat` and `sampler`; `engine_thread` is the
engine as the console holds it.

Used from outside: `open_engine`, `engine_in_thread`, `EngineHandle`, `Schedulers`, `give`.
"""
