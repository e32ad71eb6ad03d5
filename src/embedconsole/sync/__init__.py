"""The engine: keeps a collection in sync with a catalog; with observation and repair.

Read the packages in the order of the flow, from below: `content` (what a row's point should be), `plan`
(compare the catalog with the ledger), `worker` (claim, read, embed, write, settle), `run` (one run, and the
engine that holds several), `observe` (snapshots of it), `daemon` (schedule, orders, heartbeat). `shared`
holds what every part of a run is given, `resilience` what happens when a dependency fails. `search`, `audit`,
`reindex` and `inspect` are commands on top of a run's parts. An import contract holds this order; see
docs/architecture.md.
"""
