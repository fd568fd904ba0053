"""What generated packages run on; only they import it."""
