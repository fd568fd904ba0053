"""HTTP of the local server: the socket, the routes, and who may use them."""
