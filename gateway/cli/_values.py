"""Values of a command, as a person writes them."""

from gateway.errors import Refused


def numbers(values: tuple[str, ...]) -> dict[str, int]:
    """`level=40 ramp=5` as a dict. Raises Refused."""
    found: dict[str, int] = {}
    for one in values:
        field, _, number = one.partition("=")
        try:
            found[field] = int(number)
        except ValueError:
            raise Refused(f"{one!r} is no value: write FIELD=NUMBER, as level=40") from None
    return found
