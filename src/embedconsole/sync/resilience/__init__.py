"""What happens when a dependency fails: turns, pauses and circuit breakers.

Read `gate` first: all calls to a dependency pass through its gate. `shared_gates` are the same for all
processes, `ledger_health` is the ledger's state. How long each pause is stands in `embedconsole/retry.py`.

Used from outside: `Gate`, `Gates`, `Stop`, `Interrupted`, `LedgerHealth`, `alongside`.
"""
