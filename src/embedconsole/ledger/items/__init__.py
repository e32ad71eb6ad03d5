"""The items of the ledger: planned, claimed, settled, looked at.

Read `difference` (what an item needs, from its hashes) first, then `planned_items` (the planner's side),
`claim` and `settle` (the worker's side), `synced_items` (what the collection holds), `failures` and `counts`.
`generations` are the fillings of a collection, `kept_vectors` the embeddings that are kept.

Used from outside: the parts of `Ledger`, `LEASE_SECONDS`.
"""
