"""The option that names a decoder."""

import click

from gateway.codecs import PREFIX


class DecoderName(click.Choice[str]):
    """A decoder's file, or a codec of `lamplighter codec`, which the use case looks up."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as it was given."""
        return value if value.startswith(PREFIX) else super().convert(value, param, ctx)
