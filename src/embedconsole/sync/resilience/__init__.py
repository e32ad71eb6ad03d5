"""What happens when a dependency fails: turns, pauses, circuit breakers and retries.

Read `gate` first (all calls to a dependency pass through its gate), then `retry` (when a failed item is tried
again), `shared_gates` (gates shared by all processes) and `ledger_health`.

Used from outside: `Gate`, `Gates`, `Stop`, `Interrupted`, `alongside`, `delay_after`.
"""
