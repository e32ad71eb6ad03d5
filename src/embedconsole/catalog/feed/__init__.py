"""The change feed: triggers in the operator's database write the keys of changed rows into an outbox.

Read `base` (the protocol) first, then `outbox` (reading it), `triggers` and `watched_tables` (what is
installed), `install` and `status`. A database's own SQL is in `dialects`.

Used from outside: `ChangeFeed`, `open_feed`, `feed_state`, `FeedDatabase`.
"""
