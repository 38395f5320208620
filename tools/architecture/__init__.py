"""Rules about the source tree that no other tool checks: circles, lengths, squeezed lines."""
