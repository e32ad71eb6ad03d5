"""The operator's database: its rows read in key order, and the few columns that may be written back.

Read `base` (the protocol) first, then `sql_catalog` (the catalog behind SQLAlchemy), `query_source` and
`keyset_pages` (how pages are read), `watermark` (only what changed), `writeback` and `writeback_apply`.
`connect` makes the connections, `row_values` and `keys` make values JSON-ready, `discovery` is for the setup.
`feed` is the change feed.

Used from outside: `Catalog`, `open_catalog`, `Settled`, `Discovery`.
"""
