"""Tests of the command `ai-spine`, as its users meet it."""
