"""Settings: from arguments, the environment, and profiles."""
