"""What surrounds the boards: recorded data of real cities, and computed daylight."""
