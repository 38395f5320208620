"""What runs on the board and nowhere else. `app.py` composes it."""
