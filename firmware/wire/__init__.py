"""What both ends must agree on: the table, its interpreter, the sun. Pure."""

VERSION = "0.1.0"
"""Of the whole project. pyproject.toml and tools.build read this line."""
