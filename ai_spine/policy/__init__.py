"""Decides, and does nothing: nothing here sends a request, sleeps or reads a file."""
