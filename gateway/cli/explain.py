"""`lamplighter explain`: what became of an event, or what is the matter with a device."""

import re
from typing import Any

import click

from gateway.cli._answer import on_parts
from gateway.terminal import Answer, lines, plain, table
from gateway.usecases import Parts, devices, stories
from gateway.usecases.stories import DeviceStory, MatchView, Story

EVENT_ID = re.compile(r"[0-9a-f]{32}")


@click.command("explain")
@click.argument("what", metavar="EVENT|DEVICE")
@on_parts
async def explain(parts: Parts, what: str) -> Answer:
    """Explain an event (its id) or a device (name or DevEUI): what, why, and who acts next.

    Of an event: how it came in, which webhooks get it and why or why not, each attempt. Of a
    device: when it was last heard, what is missing or could not be read, commands under way,
    troubles, webhooks that are behind.
    """
    if EVENT_ID.fullmatch(what):
        story = await stories.of_event(parts, what)
        return Answer(story, _of_event(story))
    of_device = await stories.of_device(parts, await devices.named(parts, what))
    return Answer(of_device, _of_device(of_device))


def _of_event(story: Story) -> str:
    received = plain(story.reception, "event_id") if story.reception else {}
    said = [lines(plain(story.event)), f"stored as number {story.cursor}, on the disk since then"]
    said.append(f"received\n{lines(received, '  ')}" if received else "no frame brought it")
    said += [_match(one) for one in story.matches] or ["there are no webhooks"]
    return "\n\n".join(said)


def _match(one: MatchView) -> str:
    if not one.matched:
        return f"webhook {one.webhook} does not get it: {one.why}"
    rows = [plain(each, "event_id") for each in one.attempts]
    attempts = table(rows, "no attempt yet" if one.state == "pending" else "attempts not kept")
    return f"webhook {one.webhook}: {one.state}\n  why: {one.why}\n  next: {one.act}\n{attempts}"


def _of_device(story: DeviceStory) -> str:
    facts: dict[str, Any] = plain(story.device)
    heard = f"last heard\n{lines(plain(story.heard), '  ')}" if story.heard else "never heard"
    parts = [
        lines(facts),
        heard,
        f"missing readings\n{table([plain(one) for one in story.holes], 'none')}",
        f"not readable\n{table([plain(one) for one in story.unread], 'nothing')}",
        f"commands\n{table([plain(one, 'history', 'values') for one in story.commands], 'none')}",
        f"troubles\n{table([plain(one) for one in story.troubles], 'none')}",
        f"webhooks behind\n{table([plain(one) for one in story.behind], 'none')}",
        "who acts next\n" + "\n".join(f"  {one}" for one in story.act),
    ]
    return "\n\n".join(parts)
