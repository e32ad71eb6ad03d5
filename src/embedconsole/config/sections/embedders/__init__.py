"""Settings of the embedders, one module a type; `config.sections.embedder` lists the types.

Read `base` first: it says what a type has to tell about itself.
"""
