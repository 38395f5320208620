"""The device application. `app` starts it."""
