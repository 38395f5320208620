"""Start the bench's network server alone: `python -m tools.bench.network --help`."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from urllib.parse import urlsplit

from tools.bench.network.broker import BrokerAbsentError
from tools.bench.network.durations import Durations
from tools.bench.network.region import DEFAULT, names
from tools.bench.network.service import NetworkServer, PortTakenError
from tools.bench.network.setup import Key, requests

SET_HELP = """MAC commands that every device gets until it answers: DutyCycleReq (04),
RXParamSetupReq (05), NewChannelReq (07), RXTimingSetupReq (08), DlChannelReq (0a); 0803 sets RX1
to 3 s after an uplink"""


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, with or without a scheme such as mqtt://."""
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no address; write HOST:PORT")
    return host, port


def mac_commands(text: str) -> dict[Key, bytes]:
    """MAC commands in hex."""
    try:
        return requests(bytes.fromhex(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    command = argparse.ArgumentParser(
        prog="python -m tools.bench.network",
        description="A network server for tests: ChirpStack's gRPC API and MQTT topics, LoRaWAN "
        "1.0.x, classes A and C. All state is in memory and ends with it.",
    )
    command.add_argument(
        "--grpc", type=address, default="127.0.0.1:8080", metavar="HOST:PORT",
        help="where the API listens; port 0 takes a free one (default %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--mqtt", type=address, default="mqtt://127.0.0.1:1883", metavar="URL",
        help="the MQTT v5 broker, which must run already (default %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--region", choices=names(), default=DEFAULT, help="(default %(default)s)"
    )
    command.add_argument(
        "--prefix", default=None, metavar="PREFIX",
        help="topic prefix of the radio gateways; empty for none (default: the region)",
    )  # fmt: skip
    command.add_argument(
        "--durations", choices=("chirpstack", "fast"), default="chirpstack",
        help="ChirpStack's own waits and locks, or a fast set for tests (default %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--qos", type=int, choices=(0, 1), default=1,
        help="of events; ChirpStack's own default is 0 (default %(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--adr", action=argparse.BooleanOptionalAction, default=True,
        help="set data rate and power of devices that ask for it, as ChirpStack does",
    )  # fmt: skip
    command.add_argument(
        "--set", type=mac_commands, default={}, metavar="HEX",
        help=SET_HELP,
    )  # fmt: skip
    command.add_argument("--verbose", action="store_true", help="say what is dropped, and why")
    return command


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGINT or SIGTERM."""
    host, port = options.grpc
    durations = Durations.fast() if options.durations == "fast" else Durations()
    server = NetworkServer(
        mqtt=options.mqtt, grpc_host=host, grpc_port=port,
        region=options.region, region_prefix=options.prefix, settings=durations,
        qos=options.qos, adr=options.adr, wanted=options.set,
    )  # fmt: skip
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        print(f"grpc     {server.grpc_address}")
        print(f"mqtt     {options.mqtt[0]}:{options.mqtt[1]}, gateways under '{options.prefix}'")
        print(f"tenant   {server.tenant_id}")
        print(f"api key  {server.admin_key}", flush=True)
        await stop.wait()


def main() -> int:
    """Exit status: 0 after a signal, 1 when it could not start, 2 for a wrong command line."""
    options = parser().parse_args()
    logging.basicConfig(
        level=logging.DEBUG if options.verbose else logging.ERROR, format="%(message)s"
    )
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(serve(options))
        except (BrokerAbsentError, PortTakenError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
