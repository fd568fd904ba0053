"""What the SDK costs, compared with its dependencies and with its peers."""
