"""`check` finds out whose service is on the port."""

import contextlib
import fcntl
import socket

import pytest
from aiohttp import web

from gateway.errors import ConfigError
from gateway.http.port import check_port
from gateway.tests.unit.cli_bench import command_line

OURS = {"status": "ok", "version": "0.1.0", "troubles": []}
REFUSING = {"error": "the disk is full", "act": "the caller tries again later"}


@contextlib.asynccontextmanager
async def answering(body, status=200):
    """A service whose `/v1/health` is this; gives its `host:port`."""

    async def health(_request):
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_get("/v1/health", health)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("body", [{}, {"status": "UP"}, ["ok"], "ok", {"version": 3}])
@pytest.mark.parametrize("running", [True, False])
async def test_another_program_with_a_health_is_no_service_of_ours(body, running):
    async with answering(body) as bind:
        with pytest.raises(ConfigError, match=f"{bind} is used by another program"):
            await check_port(bind, running=running)


@pytest.mark.parametrize(("body", "status"), [(OURS, 200), (REFUSING, 503)])
async def test_a_service_of_another_store_is_not_this_one(body, status):
    async with answering(body, status) as bind:
        with pytest.raises(ConfigError, match=f"{bind} is used by the service of another config"):
            await check_port(bind, running=False)


@pytest.mark.parametrize("running", [True, None])
async def test_the_service_of_this_store_answers_or_says_what_is_wrong(running):
    async with answering(OURS) as bind:
        assert await check_port(bind, running=running) == [f"the service answers at http://{bind}"]
    async with answering(REFUSING, 503) as bind:
        with pytest.raises(ConfigError, match=f"{bind} says: the disk is full"):
            await check_port(bind, running=running)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "lamplighter.toml"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{free.getsockname()[1]}"
    own = f'[network]\nkind = "virtual"\n[http]\nbind = "{bind}"\n'
    path.write_text(f'site = "street"\n{own}')
    return path


def test_a_service_that_runs_elsewhere_is_named(config):
    run = command_line(config)
    run("device", "list")
    with (config.parent / "lamplighter.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, held, _ = run("check")
    _, free, _ = run("check")

    assert (code, "FAIL  http: the service of this store runs, but not at" in held) == (3, True)
    assert "ok    http: the service does not run" in free
