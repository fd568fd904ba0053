"""What touches the network: one folder or file for each library."""
