"""Search a collection with a text, a picture or an item, under filters.

Read `search` first, then `filter_parser` and `filter_values` (the filters that an operator writes) and
`presentation` (how a hit is shown).

Used from outside: `search`, `ByText`, `parse_where`, `title_of`.
"""
