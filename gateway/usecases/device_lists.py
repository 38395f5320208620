"""Many devices at once: a list is registered whole or not at all, and written without keys."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from gateway import device_list, provisioning
from gateway.device_list import DeviceList
from gateway.errors import Broken, GatewayError, Refused
from gateway.model import Device
from gateway.provisioning import OURS, Provisioned
from gateway.store import Transaction
from gateway.usecases import Parts


class Imported(Struct):
    """What was registered. notes: what was unusual in the list.  folder: where the files are."""

    count: int
    devices: list[str]
    notes: list[str]
    folder: str


class Exported(Struct):
    """The list of our own boards as CSV, without keys."""

    count: int
    csv: str


async def prepare(parts: Parts, listed: DeviceList) -> list[Provisioned]:
    """Make the keys of all devices of a list; nothing is registered yet.

    Raises Refused where a name or DevEUI is registered already, with its line, and what
    `provisioning.prepare` raises.
    """
    present = await parts.store.read(lambda view: view.devices())
    names = {one.name.casefold() for one in present}
    euis = {one.dev_eui for one in present}
    wrong = [
        f"line {line}: {said} is registered already; whoever made the list takes the line out, or "
        "the operator removes the device"
        for line, one in listed.wanted
        for said, taken in (
            (f"the name {one.name}", one.name.casefold() in names),
            (f"the dev_eui {one.dev_eui}", one.dev_eui in euis),
        )
        if taken
    ]
    if wrong:
        raise Refused("\n".join(wrong), "file")
    ready: list[Provisioned] = []
    for line, wanted in listed.wanted:
        try:
            ready.append(await provisioning.prepare(parts.network, wanted, parts.clock()))
        except Refused as error:
            raise Refused(f"line {line}: {error}", "file") from None
    return ready


async def register(
    parts: Parts, ready: Sequence[Provisioned], progress: Callable[[int], None]
) -> None:
    """Register all devices here and at the network server, or none.

    progress: called with how many are done.  Raises what the network server raises; then none is
    registered, or Broken names those that could not be taken back.
    """

    def add(tx: Transaction) -> None:
        for one in ready:
            tx.add_device(one.device)

    await parts.store.write(add)
    done: list[Provisioned] = []
    try:
        for one in ready:
            await parts.network.register(one.device, one.app_key, one.device.report_s)
            done.append(one)
            progress(len(done))
    except BaseException:
        await _take_back(parts, ready, done)
        raise


async def _take_back(
    parts: Parts, ready: Sequence[Provisioned], done: Sequence[Provisioned]
) -> None:
    stay: list[Device] = []
    for one in done:
        try:
            await parts.network.unregister(one.device.dev_eui)
        except GatewayError:
            stay.append(one.device)
    kept = {one.dev_eui for one in stay}
    gone = [one.device.dev_eui for one in ready if one.device.dev_eui not in kept]

    def remove(tx: Transaction) -> None:
        for dev_eui in gone:
            tx.remove_device(dev_eui)

    await parts.store.write(remove)
    if stay:
        names = ", ".join(one.name for one in stay)
        raise Broken(
            f"the network server failed and does not take back {names}: their files stay; the "
            "operator removes them with `lamplighter device remove` and imports the list again"
        )


async def export(parts: Parts) -> Exported:
    """Write the list of our own boards."""
    found = await parts.store.read(lambda view: view.devices())
    own = [one for one in found if one.decoder == OURS]
    return Exported(len(own), device_list.write(own))
