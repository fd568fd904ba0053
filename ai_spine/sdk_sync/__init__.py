"""SDK-Sync: schemas with versions and migrations, and typed clients that are generated of them."""
