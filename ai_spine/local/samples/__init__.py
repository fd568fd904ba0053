"""The flows that the local server serves when it is given none, and their agents."""
