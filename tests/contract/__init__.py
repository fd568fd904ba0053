"""What any AI Spine server and the SDK owe each other: `make contract`."""
