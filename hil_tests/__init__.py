"""Tests written once, run on virtual and on real boards."""
