"""A broken configuration names the file, the line and what was expected."""

import pytest

from gateway.errors import ConfigError
from gateway.networks import chirpstack
from gateway.settings import DeliverySettings, load

GOOD = """\
site = "mulhouse"

[network]
kind = "chirpstack"
mqtt = "mqtt://broker:1883"

[delivery]
timeout_s = 5
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "gateway.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_file_becomes_settings_with_defaults(write, tmp_path):
    settings = load(write(GOOD), {})

    assert settings.site == "mulhouse"
    assert settings.network == chirpstack.Settings(mqtt="mqtt://broker:1883")
    assert settings.delivery == DeliverySettings(timeout_s=5.0)
    assert settings.store.path == "lamplighter.db"
    assert settings.folder == str(tmp_path)


def test_the_environment_overrides_the_file(write):
    environment = {
        "LAMPLIGHTER__DELIVERY__ALLOW_PRIVATE": "true",
        "LAMPLIGHTER__NETWORK__API_KEY": "secret",
        "LAMPLIGHTER__SITE": "colmar",
        "HOME": "/root",
    }

    settings = load(write(GOOD), environment)

    assert (settings.site, settings.network.api_key) == ("colmar", "secret")
    assert settings.delivery.allow_private is True


def test_a_file_is_named_relative_to_the_configuration(write, tmp_path):
    text = GOOD.replace("mqtt =", 'ca_file = "own/ca.pem"\nkey_file = "/etc/key.pem"\nmqtt =')

    network = load(write(text), {"LAMPLIGHTER__NETWORK__CERT_FILE": "cert.pem"}).network

    assert network.ca_file == tmp_path / "own" / "ca.pem"
    assert network.cert_file == tmp_path / "cert.pem"
    assert str(network.key_file) == "/etc/key.pem"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("site = \n", 1, "is not TOML in column 8: invalid value"),
        ('site = "a"\nsite = "b"\n', 2, "is not TOML"),
        (b'site = "\xff"\n', 1, "is not UTF-8 text"),
        ('site = "a"\n', 0, "the section [network] is missing"),
        ('[network]\nkind = "chirpstack"\n', 0, "`site`: is missing"),
        (GOOD.replace("chirpstack", "ttx"), 4, "no network 'ttx'; expected one of: chirps"),
        (GOOD.replace("timeout_s = 5", 'timeout_s = "soon"'), 8, "timeout_s`: expected `flo"),
        (GOOD.replace("timeout_s = 5", "timeout_s = 0"), 8, "expected `float` > 0.0"),
        (GOOD.replace("timeout_s = 5", "parallel = 0"), 8, "expected `int` >= 1"),
        (GOOD.replace("timeout_s = 5", "schedule_s = [5, -1]"), 8, "expected `float` >= 0.0"),
        (GOOD.replace("timeout_s", "timeout"), 8, "expected one of: allow_private, timeout_s"),
        (GOOD + "[store]\nkind = 'postgresql'\n", 9, "`store.url`: is missing; expected postgres"),
        (GOOD + "[store]\nkind = 'oracle'\n", 10, "`store.kind`: invalid enum value 'oracle'"),
        (GOOD + "[deliver]\n", 9, "`deliver`: there is no such key; expected one of: site"),
        (GOOD.replace("mqtt =", "mqtts ="), 5, "`network.mqtts`: there is no such key; expect"),
        (GOOD.replace("mqtt =", "ca_file = 3\nmqtt ="), 5, "`network.ca_file`: expected the path"),
        (GOOD.replace("mqtt =", "topic_prefix = '#'\nmqtt ="), 5, "`network.topic_prefix`: exp"),
        (GOOD.replace("mqtt =", "share = 'a/b'\nmqtt ="), 5, "`network.share`: expected"),
        (GOOD.replace("kind =", "knd ="), 3, "there is no network ''"),
        (GOOD + "[commands]\nattempts = 0\n", 10, "`commands.attempts`: expected `int` >= 1"),
        (GOOD.replace("mulhouse", "rue d'\u00e9t\u00e9"), 1, "`site`: expected `str` matching"),
        ("network = 3\nsite = 'a'\n", 0, "the section [network] is missing"),
        (GOOD + "[sinks.pigeon]\n", 9, "there is no kind of sink 'pigeon'; expected one of: "),
        (GOOD + "[sinks.webhook]\nsize = 3\n", 10, "`sinks.webhook.size`: there is no such key"),
        (GOOD + "[sinks]\nwebhook = 3\n", 10, "`sinks.webhook`: expected `object`, got `int`"),
        ("sinks = 3\n" + GOOD, 1, "`sinks`: expected sections, as `[sinks.webhook]`"),
    ],
)  # fmt: skip
def test_a_broken_file_says_where_and_what_was_expected(write, text, line, said):
    path = write(text)

    with pytest.raises(ConfigError) as refused:
        load(path, {})

    assert said in str(refused.value)
    assert (refused.value.path, refused.value.line) == (path, line)
    assert str(refused.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert "\n" not in str(refused.value)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(ConfigError, match=r"there is no configuration .*none\.toml"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "LAMPLIGHTER__DELIVERY__TIMEOUT_S",
            "LAMPLIGHTER__DELIVERY__TIMEOUT_S: `delivery.timeout_s`",
        ),
        (
            "LAMPLIGHTER__DELIVERY__NO",
            "LAMPLIGHTER__DELIVERY__NO: `delivery.no`: there is no such key",
        ),
        ("LAMPLIGHTER__SITE__X", "LAMPLIGHTER__SITE__X goes into `site`, which is not a section"),
    ],
)
def test_a_wrong_variable_is_named_instead_of_a_line(write, name, said):
    with pytest.raises(ConfigError) as refused:
        load(write(GOOD), {name: "later"})

    assert said in str(refused.value)


def test_the_password_of_the_store_is_in_no_text_of_the_settings(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text(GOOD + "[store]\nkind = 'postgresql'\nurl = 'postgresql://me:sesame@db/x'\n")

    settings = load(path, {})

    assert settings.store.url == "postgresql://me:sesame@db/x"
    assert "sesame" not in f"{settings!r} {settings.store!s}"
