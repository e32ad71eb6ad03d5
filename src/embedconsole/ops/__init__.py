"""The outside view of a process: metrics, probes, notifications, the log file, traces.

Read `monitor` first: it holds what one process shows and reports. `watcher` looks at the ledger for it.
"""
