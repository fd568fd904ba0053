"""What decides: pure functions and small states. Nothing here sends, waits or reads files."""
