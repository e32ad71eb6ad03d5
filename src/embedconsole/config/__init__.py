"""Configuration: from YAML, environment and flags to one typed, frozen settings tree.

To read it: `load` (finds the file and checks what it says), `yaml_source` (the text and its line numbers),
`overrides` (environment and flags), `interpolate` (`${NAME}`), `settings` with `sections` and `types` (what
comes out), `pipeline` (what the engine works from), `service_settings` (what the service works from). `show`
and `reference` print it, `errors` words what is wrong with it, `secrets` finds what of it is hidden, and
`database` makes of an address how a database is reached.
"""
