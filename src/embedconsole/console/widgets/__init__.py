"""The Textual widgets that the screens are made of: `base` (lines and panels), `list` and `input`.

They send only what has changed, because the console is often used over a slow link.
"""
