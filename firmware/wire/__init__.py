"""What both ends must agree on: the table, its interpreter, the sun. Pure."""
