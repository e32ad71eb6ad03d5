"""Look at one thing closely: an item, the failed items, a collection, every dependency.

Each module stands alone: `item`, `failures`, `collection`, `checks`.

Used from outside: `examine`, `survey`, `run_checks`.
"""
