"""Console commands of the LoRaWAN link. Loaded with the shell."""

from node.answer import number
from node.errors import ConsoleError


async def _join(node, words):
    link = node.need_link()
    again = words == ["again"]
    wait_s = link.mac.wait_us() // 1000000
    if (again or not link.ready) and wait_s > 30:
        raise ConsoleError("early", wait_s)
    if not await link.exchange.join(again):
        raise ConsoleError("wiped" if node.wiped else "silent")
    return _quality(link)


def _quality(link):
    """Signal of the last downlink and result of the last link check."""
    mac = link.mac
    margin_db, gateways = mac.link or (None, None)
    return [
        ("joined", mac.joined),
        ("dr", mac.session.dr if mac.joined else None),
        ("rssi", mac.rssi),
        ("snr", mac.snr),
        ("margin", margin_db),
        ("gateways", gateways),
        ("sent", link.exchange.sent),
    ]


async def _check(link):
    """One link check; True when the network answered."""
    mac = link.mac
    mac.link = None
    mac.ask_link()
    await link.exchange.send(None, b"", False)
    return mac.link is not None


async def _link(node, words):
    link = node.need_link()
    tries = number(words, 0, 1, 10)
    margins_db = []
    for _ in range(tries):
        if not link.ready:
            raise ConsoleError("unjoined")
        if await _check(link):
            margins_db.append(link.mac.link[0])
    facts = _quality(link)
    if tries:
        answered = len(margins_db)
        facts += [
            ("tries", tries),
            ("answered", answered, "all" if answered == tries else None),
            ("worst_margin", min(margins_db) if margins_db else None),
        ]
    return facts + [("windows", link.radio.windows())]


TABLE = (
    ("join", _join),
    ("link", _link),
)
