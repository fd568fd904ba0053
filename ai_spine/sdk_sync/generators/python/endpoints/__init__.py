"""The generator of packages for the endpoints of an HTTP API."""
