"""Vector stores: what a collection is for a sync, on a Qdrant server and in the embedded engine.

Read `base` first (eight methods that a store implements, and the capabilities it may have in addition), then
`build` (which store a configuration asks for), `compare` (a collection against its configuration) and
`filters`. `qdrant` and `embedded` are the two stores.

Used from outside: `Collection` and its capabilities, `build_collection`, `differences`, `until_green`.
"""
