"""Build the next collection next to the one that is searched, compare them, and move the alias.

Read `reindex` first, then `next_generation`, `keep_current` (edits reach both collections meanwhile),
`compare` and `switch` (the alias, rollback, deletion of previous collections).

Used from outside: `AliasSwitch`, `Comparison`.
"""
