"""The point that a row should have: embedder inputs, payload, marker and the two hashes.

Read `recipe` first, then `template`, `payload`, `slots`, `vectors` and `marker`; `recipe_record` keeps a
recipe in the ledger. `slots` is free of numpy, so that a run with nothing to embed does not import it.

Used from outside: `Recipe`, `Content`, `read_point`, `recipe_text`, `space_of`.
"""
