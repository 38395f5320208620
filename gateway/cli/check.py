"""`lamplighter check`: tries what the configuration names."""

from typing import Any

import click

from gateway import app
from gateway.cli._answer import on_settings
from gateway.errors import GatewayError
from gateway.settings import Settings
from gateway.terminal import Answer, exit_code


@click.command
@on_settings
async def check(settings: Settings) -> Answer:
    """Try everything the configuration names, and say who acts next."""
    results: list[dict[str, Any]] = [{"what": "configuration", "ok": True, "said": "is readable"}]
    code = 0
    for what, trial in app.trials(settings).items():
        try:
            results += [{"what": what, "ok": True, "said": line} for line in await trial()]
        except GatewayError as error:
            results.append({"what": what, "ok": False, "said": str(error), "act": error.act})
            code = code or exit_code(error)
    return Answer({"ok": not code, "results": results}, "\n".join(map(_line, results)), code)


def _line(result: dict[str, Any]) -> str:
    shown = f"{'ok  ' if result['ok'] else 'FAIL'}  {result['what']}: {result['said']}"
    return shown + (f"\n      Next: {result['act']}." if "act" in result else "")
