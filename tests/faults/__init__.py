"""Every operation of the client, met by everything that can go wrong between it and the server."""
