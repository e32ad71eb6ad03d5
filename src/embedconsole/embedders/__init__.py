"""Embedders: a module a type, named in the registry `config/sections/embedder.py`.

Read `base` (the protocol) first, then `build` and `pool`, and one of `http`, `openai`, `replicate`,
`fastembed` and `hashing`. What those behind a network share: `remote`, `transport` (one request), `batching`
(a batch as several requests), `pictures`. `vectors` checks every reply, `isolate` finds bad inputs of a call.

Used from outside: `Embedder`, `build_embedder`, `EmbedderPool`, `Tickets`.
"""
