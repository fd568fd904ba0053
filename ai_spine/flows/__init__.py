"""Flows beyond their models: definitions in files, and pictures."""
