"""What touches the network: `base` is the protocol, beside it a package for each library."""
