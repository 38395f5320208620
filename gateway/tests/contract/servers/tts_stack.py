"""The Things Stack's API for one application: four registries and the downlink queues, emulated.

Source: The Things Stack's documentation, API, and integrations: webhooks, scheduling downlinks,
Storage Integration.
"""

import contextlib
import json
from datetime import datetime

from aiohttp import web

KEY = "NNSXS.OF-THE-TEST"
APPLICATION = "app1"
WEBHOOK = "wh1"
MESSAGE = "error:pkg/{}:{} (emulated)"
ADDRESSES = ("network_server_address", "application_server_address")


class Stack:
    """registries: {`` | as | ns | js: {device id: device}}.  queues: {device id: [downlink]}.

    answers: statuses of the next calls, instead of what they do.  stored: uplink messages in the
    order of receipt; None: the application has no Storage Integration.  pages: how many of them
    were asked for at a time.
    """

    def __init__(self):
        self.registries = {"": {}, "as": {}, "ns": {}, "js": {}}
        self.queues = {}
        self.answers = []
        self.stored = []
        self.pages = []

    @contextlib.asynccontextmanager
    async def serving(self):
        app = web.Application(middlewares=[self._authorized])
        devices = f"/api/v3/{{registry:((as|ns|js)/)?}}applications/{APPLICATION}/devices"
        hook = f"/api/v3/as/applications/{APPLICATION}/webhooks/{WEBHOOK}/devices"
        app.router.add_get(devices, self._list)
        app.router.add_post(devices, self._set)
        app.router.add_put(devices + "/{id}", self._set)
        app.router.add_delete(devices + "/{id}", self._delete)
        app.router.add_get(devices + "/{id}/down", self._queue)
        app.router.add_post(devices + "/{id}/down/{how:push|replace}", self._enqueue)
        stored = f"/api/v3/as/applications/{APPLICATION}/packages/storage/uplink_message"
        app.router.add_get(stored, self._stored)
        app.router.add_post(hook + "/{id}/down/{how:push|replace}", self._enqueue)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    @web.middleware
    async def _authorized(self, request, handler):
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return refused(401, "unauthenticated")
        if self.answers:
            return refused(self.answers.pop(0), "as_the_test_says")
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return refused(404, "application_not_found")

    async def _list(self, request):
        limit, page = int(request.query["limit"]), int(request.query["page"])
        some = list(self.registries[""].values())[(page - 1) * limit : page * limit]
        return web.json_response({"end_devices": [{"ids": one["ids"]} for one in some]})

    async def _set(self, request):
        registry = request.match_info["registry"].strip("/")
        body = await request.json()
        device, paths = body["end_device"], body["field_mask"]["paths"]
        name = device["ids"]["device_id"]
        known = self.registries[registry]
        euis = [one["ids"]["dev_eui"] for key, one in self.registries[""].items() if key != name]
        if registry == "":
            if request.method == "POST" and (name in known or device["ids"]["dev_eui"] in euis):
                return refused(409, "id_taken")
            if request.method == "PUT" and name not in known:
                return refused(404, "end_device_not_found")
        elif name not in self.registries[""]:
            return refused(404, "end_device_not_found")
        if registry == "ns" and not (device["frequency_plan_id"] and device["lorawan_version"]):
            return refused(400, "no_frequency_plan")
        kept = {path: value_at(device, path) for path in paths}
        known[name] = known.get(name, {}) | {"ids": device["ids"]} | kept
        return web.json_response(device)

    async def _delete(self, request):
        registry, name = request.match_info["registry"].strip("/"), request.match_info["id"]
        if registry == "" and any(name in self.registries[one] for one in ("as", "ns", "js")):
            return refused(400, "still_in_a_registry")
        if self.registries[registry].pop(name, None) is None:
            return refused(404, "end_device_not_found")
        self.queues.pop(name, None)
        return web.json_response({})

    async def _queue(self, request):
        return web.json_response({"downlinks": self.queues.get(request.match_info["id"], [])})

    async def _enqueue(self, request):
        name = request.match_info["id"]
        if name not in self.registries["as"]:
            return refused(404, "device_not_found")
        self.enqueue(name, request.match_info["how"], (await request.json())["downlinks"])
        return web.json_response({})

    def enqueue(self, name, how, downlinks):
        """Push downlinks into a device's queue, or replace it by them."""
        self.queues[name] = (self.queues.get(name, []) if how == "push" else []) + downlinks

    async def _stored(self, request):
        if request.headers["Accept"] != "text/event-stream":
            return refused(406, "not_acceptable")
        if self.stored is None:
            return refused(404, "storage_not_enabled")
        query = request.query
        assert query["order"] in {"", "received_at", "-received_at"}
        after = instant(query["after"])
        found = [one for one in self.stored if instant(one["received_at"]) > after]
        self.pages.append(int(query["limit"]))
        lines = [json.dumps({"result": one}) for one in found[: self.pages[-1]]]
        return web.Response(text="\n\n".join(lines), content_type="text/event-stream")


def instant(text):
    return datetime.fromisoformat(text)


def value_at(device, path):
    for part in path.split("."):
        device = device[part]
    return device


def refused(status, name):
    message = MESSAGE.format("emulated", name)
    return web.json_response({"code": 5, "message": message}, status=status)
