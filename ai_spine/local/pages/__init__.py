"""The local server's page for browsers."""
