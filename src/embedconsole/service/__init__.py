"""The reference embedding service: any embedder of the configuration behind HTTP.

To read it: `server` (its socket, how it ends), `app` (its paths, and what is checked before one that embeds,
by `access` and `limits`), `item_routes` and `openai_routes` (what each path does), `embedder` (where all
inputs are embedded). `schemas`, `errors` and `metrics` are what they share.
"""
