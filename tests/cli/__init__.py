"""Tests of the command `ai-spine`, as users run it."""
