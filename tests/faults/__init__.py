"""Every operation of the client under every fault between it and the server."""
