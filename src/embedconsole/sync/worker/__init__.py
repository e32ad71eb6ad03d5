"""Work on what the ledger says is to be done: claim a batch, read, embed, write, settle.

Read `claim` (batches and their leases), `pool` (the workers), `batch` (a batch from claimed to settled),
`steps` (what is done in between), `embed` and `write` (the two calls that may fail), `bisect` (which item is
to blame). `context` is what all of them work with; `run/batch_worker.py` makes it.

Used from outside: `Claims`, `WorkerPool`, `BatchWorker`, `Workbench`, `wanted_schema`.
"""
