"""The page in a real Chromium: an operator's story and a viewer's."""

import pytest
from msgspec.structs import replace

from gateway import passwords
from gateway.clock import rfc3339, wall_ms
from gateway.events import Link, ReadingData, Value
from gateway.model import Device
from gateway.records import Asset, Stay, User
from gateway.store.sqlite import Store
from gateway.tests.browser import browsing
from gateway.tests.contract.http_bench import made_parts, served
from tools.setup.paths import chromium

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="this system has no package of Chromium"),
]
PASSWORD = "a long enough one"
EUI, LAMP = "70b3d57ed005a001", "70b3d57ed005a002"
HOSTILE = "<img src=x onerror=document.title='hurt'>"


def reading(tx, fill):
    at = rfc3339(wall_ms())
    values = (Value("fillingLevel", fill, "1"),)
    data = ReadingData(
        dev_eui=EUI, device="bin 1", profile="bin", seq=None, observed_at=at, received_at=at,
        values=values, link=Link(),
    )  # fmt: skip
    tx.put_latest(EUI, None, at, values)
    tx.append("reading", EUI, wall_ms(), data)


@pytest.fixture
async def base(tmp_path):
    async with Store(source="lamplighter/test") as store:
        kept = passwords.made(PASSWORD)

        def fill(tx):
            for role in ("operator", "viewer"):
                tx.put_record(role, User(name=role, role=role, password=kept))
            tx.add_device(Device(EUI, "bin 1", "bin", "0" * 16, report_s=600))
            tx.add_device(Device(LAMP, "lamp 1", "lamp", "0" * 16, "C", report_s=600))
            at = {"lat": 47.75, "lon": 7.34, "street": HOSTILE}
            tx.put_record("B1", Asset(id="B1", kind="bin", stays=(Stay(EUI, 1),), **at))
            tx.put_record("L1", Asset(id="L1", kind="lamp", stays=(Stay(LAMP, 1),), **at))
            reading(tx, 0.4)

        await store.write(fill)
        parts = replace(made_parts(store, tmp_path), clock=wall_ms)
        async with served(parts) as address:
            yield address, store


async def login(tab, address, name):
    await tab.call("Page.navigate", url=f"{address}/ui/")
    await tab.until(
        "!!document.querySelector('#login') && !document.querySelector('#login').hidden"
    )
    await tab.run("document.querySelector('[name=name]').focus()")
    await tab.write(name)
    await tab.press("Tab", 9)
    await tab.write(PASSWORD)
    await tab.press("Enter", 13)
    await tab.until("document.querySelectorAll('#list li').length == 2")


async def choose(tab, number):
    """By the keyboard alone."""
    await tab.run(f"document.querySelectorAll('#list button')[{number}].focus()")
    await tab.press("Enter", 13)
    await tab.until("!document.querySelector('#card').hidden")


async def test_an_operator_sees_the_street_live_and_dims_a_lamp(base, tmp_path):
    address, store = base
    async with browsing(tmp_path / "profile") as tab:
        await login(tab, address, "operator")
        assert "B1 · 40 %" in await tab.text()
        await choose(tab, 0)
        await tab.until("!!document.querySelector('#card canvas')")  # a week of it
        assert HOSTILE in await tab.text()  # as text: nobody's name is markup

        await store.write(lambda tx: reading(tx, 0.9))

        await tab.until("document.body.innerText.includes('B1 · 90 %')")
        await tab.until("document.querySelector('#card').innerText.includes('90 %')")
        await choose(tab, 1)
        await tab.run("document.querySelector('#card input').focus()")
        await tab.write("40")
        await tab.press("Enter", 13)
        await tab.until("document.querySelector('#card [role=status]').innerText == 'desired'")
        [command] = await store.read(lambda view: view.commands())
        assert (command.name, command.values) == ("dim", {"level": 40})
        assert await tab.run("document.title") == "Lamplighter"
        assert tab.errors == []


async def test_a_viewer_sees_in_french_on_a_phone_and_changes_nothing(base, tmp_path):
    address, _ = base
    async with browsing(tmp_path / "profile") as tab:
        await tab.call("Emulation.setDeviceMetricsOverride", width=390, height=800,
                       deviceScaleFactor=1, mobile=True)  # fmt: skip
        await login(tab, address, "viewer")
        await tab.run("document.querySelector('#language').click()")
        await choose(tab, 1)
        await tab.until("document.querySelector('#card').innerText.includes('7 derniers jours')")
        assert await tab.run("document.documentElement.lang") == "fr"
        assert not await tab.run("!!document.querySelector('#card form')")
        assert await tab.run("document.documentElement.scrollWidth <= 390")
        script = f"""fetch('/v1/devices/{LAMP}/commands', {{method: 'POST', body: '{{}}'}})
                     .then((answer) => answer.status)"""
        assert await tab.run(script) == 403
        await tab.run("document.querySelector('#logout').click()")
        await tab.until(
            "document.querySelector('#login') && !document.querySelector('#login').hidden"
        )
