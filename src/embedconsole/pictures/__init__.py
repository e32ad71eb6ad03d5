"""Pictures behind addresses, on this machine or in a `data:` reference: fetched by one policy, and decoded.

To read it: `reference` (what an address is), `policy` (what it may cost and where it may lead), `fetch` (the
bytes, from a folder or by `remote`, which leaves `silent_hosts` alone for a while), `decode` (whether they
are a picture, and its pixels).
"""
