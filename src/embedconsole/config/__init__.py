"""Configuration: from YAML, environment and flags to one typed, frozen settings tree.

`load.load` reads it, `model.Settings` is what comes out, `pipeline.resolve_pipelines` what the engine works
from, `show.show` what an operator may see of it.
"""
