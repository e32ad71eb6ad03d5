"""What every part of a run is given, and what it reports to.

Given: `options`, `selection`, `control`, `delete_guard`, `budget`. Reported to: `journal`, `report`,
`fault_text`, `verdict`.

Read `options`, `control` and `report` first. Used from outside: `RunOptions`, `Control`, `RunReport`,
`Outcome`.
"""
