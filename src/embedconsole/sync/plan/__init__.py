"""Compare the catalog with the ledger, and write the desired state of every item into the ledger.

Read `planner` first, then `plan_task` (the planner as a part of a run) and `feed_intake` (what the change
feed names).

Used from outside: `Planner`, `PlanSink`, `Planning`, `plan_options`, `FeedIntake`, `remarks`.
"""
