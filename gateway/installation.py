"""Files for an installation: configuration, broker, users, ACL, ChirpStack; see `gateway/deploy`.

Each program at the broker has a user of its own, who may do what that program does.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from string import Template

from msgspec import Struct

from gateway.errors import Refused

TEMPLATES = Path(__file__).parent / "deploy"
FILES = ("lamplighter.toml", "mosquitto.conf", "mosquitto.acl", "chirpstack.toml")
USERS = ("lamplighter", "lamplighter-sink", "chirpstack", "homeassistant")
PASSWORDS = "passwords.txt"
ROUNDS = 101
"""Of PBKDF2 in mosquitto's password file. A password here has 192 random bits, which nobody
guesses. Source: mosquitto 2.0, src/password_mosq.h, PW_DEFAULT_ITERATIONS."""
_ADDRESS = re.compile(r"([A-Za-z0-9.-]{1,253}):([0-9]{1,5})", re.ASCII)
_SITE = re.compile(r"[A-Za-z0-9._~-]{1,64}", re.ASCII)
_REGION = re.compile(r"[a-z0-9_]{1,20}", re.ASCII)
_GRPC = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?", re.ASCII)


class Plan(Struct, frozen=True, kw_only=True):
    """What an installation is made from.

    folder: where the files will be, absolute.  mqtt: `host:port` of the broker.
    grpc: ChirpStack's API.  region: the `topic_prefix` of ChirpStack's region.
    """

    folder: Path
    site: str
    mqtt: str = "127.0.0.1:1883"
    grpc: str = "http://127.0.0.1:8080"
    region: str = "eu868"


def files(
    plan: Plan, token: Callable[[], str] = lambda: secrets.token_urlsafe(24)
) -> dict[str, bytes]:
    """{name: contents}. token: makes a password. Raises Refused."""
    _check(plan)
    passwords = {user: token() for user in USERS}
    host, _, port = plan.mqtt.rpartition(":")
    values = {
        "site": plan.site, "grpc": plan.grpc, "mqtt": plan.mqtt, "host": host, "port": port,
        "folder": str(plan.folder), "region": plan.region,
        "password_lamplighter": passwords["lamplighter"],
        "password_sink": passwords["lamplighter-sink"],
        "password_chirpstack": passwords["chirpstack"],
    }  # fmt: skip
    made = {
        name: Template((TEMPLATES / name).read_text(encoding="utf-8")).substitute(values).encode()
        for name in FILES
    }
    made["mosquitto.passwd"] = "".join(
        password_line(user, password) for user, password in passwords.items()
    ).encode()
    made[PASSWORDS] = f"homeassistant {passwords['homeassistant']}\n".encode()
    return made


def _check(plan: Plan) -> None:
    asked = (
        ("site", plan.site, _SITE, "letters, digits and . _ ~ -, at most 64"),
        ("mqtt", plan.mqtt, _ADDRESS, "host:port, as 127.0.0.1:1883"),
        ("grpc", plan.grpc, _GRPC, "http://host:port"),
        ("region", plan.region, _REGION, "the topic_prefix of the region, as eu868"),
        ("folder", str(plan.folder), re.compile(r"/[\w./~-]*"), "a path without blanks"),
    )
    for name, value, form, expected in asked:
        if not form.fullmatch(value):
            raise Refused(f"`{name}` is {value[:80]!r}, expected {expected}", name)


def password_line(user: str, password: str) -> str:
    """A line of mosquitto's password file.

    Source: mosquitto 2.0, src/password_mosq.h: `$7$`, PBKDF2 with SHA-512.
    """
    salt = secrets.token_bytes(12)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS, 64)
    shown = "$".join(base64.b64encode(one).decode() for one in (salt, made))
    return f"{user}:$7${ROUNDS}${shown}\n"
