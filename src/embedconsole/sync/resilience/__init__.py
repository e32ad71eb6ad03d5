"""Handling of failing dependencies: turns, pauses and circuit breakers.

Read `gate` first: all calls to a dependency pass through its gate. `shared_gates` are the same for all
processes, `ledger_health` is the ledger's state. `embedconsole/retry.py` sets the length of each pause.

Used from outside: `Gate`, `Gates`, `Stop`, `Interrupted`, `LedgerHealth`, `alongside`.
"""
