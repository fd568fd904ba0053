"""Shows that a generated package does what its OpenAPI document says: `sdk-sync verify`."""
