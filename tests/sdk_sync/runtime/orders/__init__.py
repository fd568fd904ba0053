"""A package as `ai-spine sdk-sync python` writes them for endpoints, written by hand."""
