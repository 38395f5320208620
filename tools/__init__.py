"""Set-up, build, flash, generate, and the bench."""
