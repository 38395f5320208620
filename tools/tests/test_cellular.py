"""A node's cellular link over the bench's modem: real TLS and broker, the gateway's own network.

The modem is emulated; what it understands and why: `tools/bench/sim/modem/sim7080g.json`.
"""

import asyncio
import contextlib
import json
import re

import pytest
from wire import decoding

from gateway.clock import wall_ms
from gateway.errors import Lost
from gateway.networks import mqtt
from gateway.notices import Downlink, Envelope, Uplink
from gateway.tests.contract.certificates import Authority, password_line
from tools import build, size
from tools.setup.mosquitto import Broker
from tools.setup.paths import SIM
from tools.tests.modem import DEV_EUI, Board, Lockstep, Node

TABLE = json.loads((SIM / "modem" / "sim7080g.json").read_text())
ACL = """
user city
topic read devices/+/up
topic write devices/+/down

pattern write devices/%u/up
pattern read devices/%u/down
"""


@contextlib.asynccontextmanager
async def world(tmp_path):
    """A broker with TLS, users and an ACL; the gateway's network, that stores what comes."""
    authority = Authority(tmp_path / "own")
    certificate, key = authority.certificate("broker")
    (tmp_path / "acl").write_text(ACL)
    (tmp_path / "users").write_text(
        password_line(DEV_EUI, "t0ken") + password_line("city", "c1ty")
    )
    extra = {
        "cafile": authority.ca, "certfile": certificate, "keyfile": key,
        "allow_anonymous": "false", "acl_file": tmp_path / "acl",
        "password_file": tmp_path / "users",
    }  # fmt: skip
    async with Broker(tmp_path / "mqtt", extra=extra) as broker:
        made = Far(broker, authority)
        async with made.network:
            task = asyncio.create_task(made.run())
            await asyncio.wait_for(_until(lambda: made.network._subscription.here), 10)
            yield made
            task.cancel()


class Far:
    """The gateway: `stored` are the uplinks it took; while not `takes`, its store is away."""

    def __init__(self, broker, authority):
        self.broker, self.authority = broker, authority
        self.address = f"{broker.host}:{broker.port}"
        self.network = mqtt.Network(
            mqtt.Settings(
                mqtt=f"mqtts://{self.address}", username="city", password="c1ty",
                ca_file=authority.ca, down="devices/{}/down",
            )
        )  # fmt: skip
        self.stored, self.takes = [], True

    async def run(self):
        async for batch in self.network.uplinks():
            await _until(lambda: self.takes)
            for envelope in batch:
                self.stored.append(self.network.parse(envelope))
                envelope.acknowledge()

    def ports(self):
        return {one.fport for one in self.stored}

    def ask(self, data=b"\x01\x02"):
        expires = wall_ms() + 60_000
        down = self.network._down
        assert down
        return down.send(
            Downlink(dev_eui=DEV_EUI, fport=31, data=data, confirmed=False, expires_at_ms=expires)
        )

    @contextlib.asynccontextmanager
    async def node(self, monkeypatch, sleeper=True, settings=None, **around):
        async with Lockstep(**around) as modem:
            given = {"broker": self.address} | (settings or {})
            yield Node(modem, monkeypatch, self.authority.ca.read_bytes(), sleeper, **given)


@pytest.fixture
async def far(tmp_path):
    async with world(tmp_path) as made:
        yield made


async def held_to_the_table(node):
    """What the driver sent, the table has."""
    ledger = await node.modem.ledger()
    assert ledger["unknown"] == []
    return ledger


async def test_readings_are_acknowledged_by_the_gateways_commit_and_commands_come_after(
    far, monkeypatch
):
    far.ask()
    async with far.node(monkeypatch, noise=True) as node:
        node.read(3)
        await node.talk()

        assert [(one.fport, one.link.bearer, one.link.rssi_dbm) for one in far.stored] == [
            (10, "lte-m", -95)
        ]
        assert node.journal.waiting() == 0
        assert node.inbox == [(31, b"\x01\x02")]
        assert node.answers
        assert node.clock.unix() // 86400 == 1798761600 // 86400
        assert not node.link.ready, "a sleeper leaves the broker"
        await node.modem.run(1000)
        ledger = await held_to_the_table(node)
        assert ledger["state"] == "off", "no PSM was granted"

        node.read(1)
        await node.talk()
        assert node.inbox == [(31, b"\x01\x02")], "it is carried out once"
        assert await far.network.queued(DEV_EUI) == {}
        assert [one.fcnt for one in far.stored] == [0, 1]


async def test_without_the_gateway_nothing_counts_as_delivered(far, monkeypatch):
    far.takes = False
    async with far.node(monkeypatch) as node:
        node.read(2)
        node.modem.patience = 1
        await node.talk(50)
        assert node.journal.waiting() == 2
        assert "the gateway does not answer; next attempt" in node.said()

        far.takes = True
        node.modem.patience = 50
        await node.talk(400)
        assert node.journal.waiting() == 0


async def _until(condition):
    while not condition():  # noqa: ASYNC110 - conditions of several objects
        await asyncio.sleep(0.01)


async def test_a_node_on_mains_hears_a_command_between_its_messages(far, monkeypatch):
    async with far.node(monkeypatch, sleeper=False) as node:
        await node.talk()
        assert node.link.ready
        item = far.ask(b"\x07").queue_item_id
        again = f"cmd {item} 31 Bw==".encode()
        far.network._subscription.publish(f"devices/{DEV_EUI}/down", again)
        for _ in range(40):
            await node.modem.run(50)
            node.link.messages.hear()
        assert node.inbox == [(31, b"\x07")], "it came twice and is carried out once"


async def test_a_granted_psm_is_used_and_left_by_the_power_key(far, monkeypatch):
    async with far.node(monkeypatch, psm={"active_s": 10, "tau_s": 10800}) as node:
        node.read()
        await node.talk()
        await node.modem.run(11000)
        assert (await node.modem.ledger())["state"] == "psm"
        before = await node.modem.ledger()
        await node.modem.run(3600_000)
        slept = (await node.modem.ledger())["uas"] - before["uas"]
        assert slept == pytest.approx(9 * 3600)
        before = await node.modem.ledger()
        node.read()
        await node.talk()
        await node.modem.run(11000)
        assert [one.fcnt for one in far.stored] == [0, 1]
        after = await held_to_the_table(node)
        report = {name: after[name] - before[name] for name in ("sent", "received", "uas")}
        print("a report:", report, "mAh", report["uas"] / 3.6e6)
        assert report["sent"] + report["received"] < 6000, "TLS handshake and all"
        assert report["uas"] / 3.6e6 < 0.2, "mAh"


async def test_a_network_lost_in_the_middle_of_a_message_loses_nothing(far, monkeypatch):
    async with far.node(monkeypatch, sleeper=False) as node:
        await node.talk()
        await node.modem.set(lose=True)
        node.read()
        await node.talk(20)
        assert not node.link.ready
        assert node.journal.waiting() == 1, "nobody told the node that it arrived"
        await node.modem.set(coverage=True)
        await node.talk(300)
        assert node.journal.waiting() == 0
        first, again = [one["seq"] for up in far.stored for one in decoding.unpack(10, up.data)[1]]
        assert first == again, "by its number it is known"


async def test_a_wrong_pin_is_never_sent_a_third_time(far, monkeypatch):
    async with far.node(monkeypatch, settings={"pin": "0000"}, sim="pin") as node:
        node.read()
        await node.talk(4000)
        assert (await node.modem.ledger())["pin_tries"] == 2, "the same PIN was tried once"
        assert "refused this PIN before" in node.said()
        for pin, left in (("1111", 1), ("2222", 1), ("1234", 1)):
            node.link.modem.settings["pin"] = pin
            await node.talk(4000)
            assert (await node.modem.ledger())["pin_tries"] == left
        assert "refused two PINs" in node.said()
        assert "1111" not in node.said()
        assert far.stored == []


async def test_the_right_pin_opens_the_sim(far, monkeypatch):
    async with far.node(monkeypatch, settings={"pin": "1234"}, sim="pin") as node:
        node.read()
        await node.talk()
        assert len(far.stored) == 1
        await held_to_the_table(node)


@pytest.mark.parametrize(
    ("around", "settings", "said"),
    [
        ({"sim": "absent"}, {}, "no usable SIM (+CME ERROR: 10); the technician inserts one"),
        ({"apn": "other"}, {}, "the network refuses the APN iot.example"),
        ({"denied": True}, {}, "the network refuses this SIM"),
        ({"coverage": False}, {}, "no network was found"),
        ({"nitz_s": None}, {}, "the network has told no time, so no certificate can be checked"),
        ({}, {"token": "stolen"}, "does not take us (ERROR)"),
        ({"sim": "pin"}, {}, "asks for a PIN; set pin in cellular.json"),
    ],
)  # fmt: skip
async def test_what_refuses_us_is_said_with_who_acts_and_tried_again_later(
    far, monkeypatch, around, settings, said
):
    async with far.node(monkeypatch, settings=settings, **around) as node:
        node.read()
        await node.talk(240)
        assert said in node.said()
        assert "next attempt in" in node.said()
        assert "stolen" not in node.said()
        assert node.link.wait_us() > 0
        assert node.journal.waiting() == 1
        assert far.stored == []


async def test_a_broker_with_a_certificate_of_somebody_else_gets_no_token(
    far, monkeypatch, tmp_path
):
    async with far.node(monkeypatch) as node:
        node.settings(Authority(tmp_path / "other").ca.read_bytes(), broker=far.address)
        node.link = type(node.link)(node)
        node.read()
        await node.talk(60)
        assert "does not take us" in node.said()
        assert "CERT" in (await node.modem.ledger())["why"]
        assert far.stored == []


async def test_a_line_that_breaks_off_and_what_comes_in_between_and_64_kb_do_no_harm(
    far, monkeypatch
):
    async with far.node(monkeypatch, sleeper=False) as node:
        await node.talk()
        node.read()
        await node.modem.set(urc='*PSUTTZ: 2026,12,31,23,0,0,"+04",0', flood=65536)
        await node.talk()
        assert len(far.stored) == 1
        node.modem.came(b"x" * 65536)
        node.link.messages.hear()
        assert len(node.link.modem._rest) < 1200, "a line without an end is not kept"
        node.modem.came(b"\r\n")
        await node.modem.set(cut=1)
        node.read()
        await node.talk(300)
        assert node.journal.waiting() == 0


async def test_a_modem_that_hangs_is_switched_off_and_on(far, monkeypatch):
    async with far.node(monkeypatch) as node:
        await node.link.run_once()
        await node.modem.set(hang=True)
        node.read()
        await node.talk(300)
        assert "no answer; next attempt" in node.said()
        assert len(far.stored) == 1


async def test_a_modem_without_supply_is_a_fault_of_the_hardware(far, monkeypatch):
    async with far.node(monkeypatch) as node:
        monkeypatch.setattr(Lockstep, "__call__", lambda _modem, _level: None)
        node.read()
        with pytest.raises(OSError, match="check its supply, tx, rx and key"):
            await node.talk()
        assert node.link.broken


def test_a_device_speaks_for_itself_alone():
    network = mqtt.Network(mqtt.Settings())
    body = json.dumps({"dev_eui": DEV_EUI, "fcnt": 1, "data": ""}).encode()
    uplink = network.parse(Envelope(f"devices/{DEV_EUI}/up", body, print))
    assert isinstance(uplink, Uplink)
    assert uplink.fcnt == 1
    with pytest.raises(Lost, match="may speak for itself alone"):
        network.parse(Envelope("devices/70b3d57ed00000ff/up", body, print))


async def test_the_model_answers_every_command_of_the_table_as_it_says():
    async with Lockstep() as modem:
        modem(1)
        await modem.run(1200)
        modem(0)
        await modem.run(6000)
        modem.read(modem.any())
        for row in TABLE["commands"]:
            assert re.fullmatch(row["form"], row["example"]), row
            assert row["source"]
            modem.write(row["example"].encode() + b"\r")
            await modem.run(2000)
            text = modem.read(modem.any()).decode()
            if "prompt" in row and row["prompt"] in text:
                modem.write(row["data"].encode())
                await modem.run(2000)
                text += modem.read(modem.any()).decode()
            lines = [
                one
                for one in text.split("\r\n")
                if one and not one.startswith(("AT", row.get("prompt", "\0")))
            ]
            assert any(one in ("OK", "ERROR") or one.startswith("+CME") for one in lines), row
            came = [urc["form"] for urc in TABLE["urcs"]]
            lines = [
                one
                for one in lines
                if re.match(row["answer"], one) or not any(re.match(form, one) for form in came)
            ]
            if "OK" in lines:
                assert re.match(row["answer"], "\n".join(lines[: lines.index("OK")])), (row, lines)
        assert (await modem.ledger())["unknown"] == []


def test_a_board_with_a_modem_is_in_its_budget_and_loads_no_lorawan():
    constants = build.board("pico_lora_sx1262") | {"LINK": "cellular", "CELLULAR": Board.CELLULAR}
    files = build.staged_files("pico_lora_sx1262")
    sizes = size.of_board("with a modem", constants, build.modules(), files)
    assert [one for each in sizes for one in size.complaints(each, size.budget(constants))] == []
    loaded = build.installed("pico_lora_sx1262", "counter", constants)
    assert {"node/modems/sim7080g", "node/links/cellular_messages"} <= loaded
    assert not [one for one in loaded if one.startswith(("lorawan/mac", "radios/sx"))]
