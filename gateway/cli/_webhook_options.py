"""What `webhook add` may be told beside kind and target."""

from collections.abc import Callable
from typing import Any

import click

from gateway.errors import Refused
from gateway.events import KINDS, event_type
from gateway.terminal import range_of
from gateway.usecases import Parts, devices
from gateway.usecases.webhooks import WebhookRequest

LISTS = ("types", "properties", "tags")
_OPTIONS = (
    click.option(
        "--type", "types", multiple=True, type=click.Choice([event_type(kind) for kind in KINDS]),
        help="Only events of this type; may be given more than once.",
    ),
    click.option(
        "--device", "named", multiple=True,
        help="Only events of this device, by name or DevEUI; may be given more than once.",
    ),
    click.option(
        "--tag", "tags", multiple=True,
        help="Only events of devices with this tag; may be given more than once.",
    ),
    click.option(
        "--property", "properties", multiple=True,
        help="Only readings and status that tell this property; may be given more than once.",
    ),
    click.option("--since", default="", help="First what is kept from this instant on, RFC 3339."),
    click.option("--latest", is_flag=True, help="First the readings with the newest values."),
    click.option(
        "--batch", type=range_of(WebhookRequest, "batch"), default=1, show_default=True,
        help="Most events in one request, as a JSON array; 1: each by itself.",
    ),
    click.option(
        "--header", "headers", multiple=True, metavar="NAME: VALUE",
        help="Of each request; may be given more than once.",
    ),
    click.option("--tls", default="", help="A `[sinks.webhook.tls.<name>]` of the configuration."),
    click.option(
        "--rate", type=click.FloatRange(0, 10_000), default=0.0,
        help="Most events a second, evenly.",
    ),
    click.option(
        "--parallel", type=range_of(WebhookRequest, "parallel"), default=0,
        help="Most devices served at a time; as configured when not given.",
    ),
)  # fmt: skip


def of_new(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


async def told(parts: Parts, given: dict[str, Any]) -> dict[str, Any]:
    """The fields of a WebhookRequest in place of the options, which are taken out."""
    latest = given.pop("latest")
    if latest and given["since"]:
        raise Refused("--latest and --since are two places to begin: leave one out")
    made: dict[str, Any] = {name: list(given[name]) for name in LISTS}
    made["start"] = "latest" if latest else "since" if given["since"] else "now"
    made["devices"] = [await devices.named(parts, one) for one in given.pop("named")]
    made["headers"] = dict(map(_header, given["headers"]))
    return made


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise Refused("a header is written NAME: VALUE, as `X-Tenant: east`", "headers")
    return name.strip(), value.strip()
