"""`make run`: a street of emulated boards from pin to webhook, and what it must show."""
