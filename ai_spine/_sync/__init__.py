"""Everything that sends and waits: `ApiClient`, event streams, and the methods of every noun.

It is generated from `_async` by `make twins`, except for what `scripts/twins.py` lists.
"""
