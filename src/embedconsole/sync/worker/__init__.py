"""Work on what the ledger says is to be done: claim a batch, read, embed, write, settle.

Read `pool` (workers, claims, leases), `batch` (a batch from claimed to settled), `embed` and `write` (the two
calls that may fail), `bisect` (which item is to blame). `context` is what all of them work with.

Used from outside: `WorkerPool`, `BatchWorker`, `Workbench`, `wanted_schema`.
"""
