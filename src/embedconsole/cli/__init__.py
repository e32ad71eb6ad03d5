"""The command line: how the program starts, prints and ends, the daemon, and the commands (`commands/`).

Read `main`, `options` and `invocation` first, then `commands/run`.
"""
