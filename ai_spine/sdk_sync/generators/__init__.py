"""What writes clients in a programming language; there is Python."""
