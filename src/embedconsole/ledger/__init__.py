"""The ledger: our own tables, in a file or on a server, for all processes that sync.

Read `ledger` (its parts) and `schema` (its tables) first, then `state`, `items` (what is planned, claimed,
settled) and `hosts` (what processes share). `records` are the plain records that go in and out. `database`
has the transactions, `commits` makes a write happen once, `migrate` brings old tables to this version.

Used from outside: `open_ledger`, `Ledger`, `State`, the records.
"""
