"""The `ai-spine` command: one file for each noun."""
