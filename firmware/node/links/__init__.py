"""How a node talks. One file a link."""
