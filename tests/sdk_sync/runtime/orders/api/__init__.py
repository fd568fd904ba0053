"""The groups of operations."""
