"""Settings that are more than a number or a word: one kind a file, which a profile names."""
