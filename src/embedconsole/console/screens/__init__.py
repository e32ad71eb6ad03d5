"""The screens under the number keys, a module each, and the dialogs that open above them.

Read `base` first: what all screens share, and the protocol by which they know the console. `registry`
lists the screens; to add one, write its module and add a line there and one in `actions`. `past` adds
looking back to a screen, `dialogs` has the questions and sheets, `log_source` reads what the log screen
shows.
"""
