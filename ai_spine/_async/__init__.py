"""The source of everything that awaits; `make twins` translates it into `_sync`."""
