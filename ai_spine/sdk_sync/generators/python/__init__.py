"""The generator of Python packages."""
