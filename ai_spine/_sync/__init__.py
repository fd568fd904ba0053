"""Everything that sends and waits: `ApiClient`, event streams, and the methods of every noun."""
