"""The sample flows of the local server, and their agents."""
