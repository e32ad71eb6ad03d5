"""A collection on a Qdrant server, by requests of our own.

Read `server` (the collection) first, then `wire` (bodies of writes), `state` (what Qdrant says of a
collection), `errors` (status codes and words as faults) and `search`, which alone uses qdrant-client.

Used from outside: `ServerCollection`, `is_lost`.
"""
