"""What the SDK costs, held against what it stands on and against its peers."""
