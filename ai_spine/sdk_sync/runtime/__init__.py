"""What generated packages need when they run."""
