"""The methods of the client, a file for each noun; `AISpine` is all of them together."""
