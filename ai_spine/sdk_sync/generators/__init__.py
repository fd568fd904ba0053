"""Generators: what turns a specification into a package."""
