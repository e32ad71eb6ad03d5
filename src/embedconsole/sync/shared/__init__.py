"""Types shared by all parts of a run: options, control, budget, journal and report.

Given: `options`, `selection`, `control`, `delete_guard`, `budget`. Reported to: `journal`, `report`,
`fault_text`, `verdict`.

Read `options`, `control` and `report` first. Used from outside: `RunOptions`, `Control`, `RunReport`,
`Outcome`.
"""
