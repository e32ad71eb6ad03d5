"""A collection without a server: Qdrant's engine in a process of its own, on a directory.

Read `embedded` (the collection) first, then `engine_process` (its process, seen from ours), `frames` (what
goes over the pipe) and `engine_worker` (that process). `aliases` is the file of the aliases.

Used from outside: `EmbeddedCollection`.
"""
