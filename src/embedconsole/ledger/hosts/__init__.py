"""State that the processes on a ledger share: leases, orders, gates, history, incidents, samples.

Read `processes` (presence and the lease of a run) and `orders` first. `clock_jumps` repairs times after the
database's clock was set back.

Used from outside: the parts of `Ledger`, `RUN_LEASE_SECONDS`.
"""
