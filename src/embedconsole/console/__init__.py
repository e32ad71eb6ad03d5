"""The console: an operator's view of the engine on a terminal, and the keys that steer it.

Read in this order: `launch` (what it is started with), `engine_client` (what it asks of the engine, and
the thread that looks once a second), `local_engine` (the engine behind it), `state` (what is known at
any moment), `status_line` and `views` (what follows from it for the screen: pure functions), `screens`
(the screens under the number keys), `actions` (the keys) and `commands` (what they do), `app` (the
Textual app), `lifecycle` (opening and leaving).

Others use `lifecycle.run_console` and `launch.Launch`.
"""
