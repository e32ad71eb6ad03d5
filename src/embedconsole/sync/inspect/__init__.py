"""Look at one thing closely: an item, the failed items, a collection, every dependency.

Each module is independent: `item`, `failures`, `collection`, `checks`.

Used from outside: `examine`, `survey`, `run_checks`.
"""
