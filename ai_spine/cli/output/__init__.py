"""How results are printed: what a terminal takes, and the formats for programs."""
