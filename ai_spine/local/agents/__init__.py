"""Agents: Python functions, and HTTP services."""
