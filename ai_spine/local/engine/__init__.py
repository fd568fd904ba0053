"""Runs the graph of a flow."""
