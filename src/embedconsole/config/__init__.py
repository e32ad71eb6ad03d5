"""Configuration: from YAML, environment and flags to one typed, frozen settings tree.

To read it: `load` (finds the file and checks what it says), `yaml_source` (the text and its line numbers),
`overrides` (environment and flags), `interpolate` (`${NAME}`), `settings` with `sections` and `types` (what
comes out), `pipeline` (what the engine works from), `service_settings` (what the service works from). `errors`,
`show` and `reference` put it in words; `secrets` and `database` say what of it is hidden, and how a database
is reached.
"""
