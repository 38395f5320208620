"""What goes wrong with a radio."""


class RadioError(OSError):
    """The radio does not respond as it should; the sentence says what to check."""
