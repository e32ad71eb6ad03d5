"""The content of the screens: pure functions from what the engine and the ledger report to styled lines of
text.

`model` has the records of the dashboard, `dashboard` makes them from a snapshot, `dashboard_panels`
draws them as lines. The other modules do both for the screen whose name they have. Nothing here waits,
asks or imports Textual.
"""
