"""Observation of engines, here and in other processes, now and in the past. Changes nothing.

Read `snapshot` (the records) and `snapshots` (how an engine makes them), then `process_status` and
`other_processes` (through the ledger), `past` and `run_history` (looking back), `ledger_overview` and
`alert_rules` (incidents).

Used from outside: `Snapshot`, `PipelineView`, `WatchedEngine`, `with_others`, `look_back`.
"""
