"""Sections of the settings tree, one module each; `config.settings` puts them together.

`base.Section` is what every section inherits from. To add a setting, add a field with a docstring to its
section: docs/configuration.md is generated from these classes.
"""
