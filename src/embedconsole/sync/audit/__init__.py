"""Compare catalog, ledger and collection with each other, and repair the ledger by the collection.

Read `verify` first, then its parts `catalog`, `collection` and `vectors`, what it reports (`report`),
`repair`, and `adopt` (a ledger made of what a collection holds).

Used from outside: `verify`, `repair`, `adopt`, `Audit`.
"""
