"""Settings: checked, versioned, taken from the person's file, rolled back if they do not boot."""

import json
import os

from tests.fake_device import contents, folder

# isort: split
from lorawan import region
from node.answer import texts
from node.config import Config
from node.errors import ConfigError
from node.links.lorawan import NEEDED
from node.settings import FIELDS, check, regions, typed
from node.store import Store
from wire import codec

HERE = __file__.rsplit("/", 1)[0]
GOOD = {
    "dev_eui": "70B3D57ED0000001",
    "join_eui": "0000000000000000",
    "app_key": "00" * 16,
    "profile": "bin",
}


def config(path):
    return Config(Store(path + "/state"), path + "/device.json")


def write(path, settings):
    with open(path + "/device.json", "w") as file:
        file.write(settings if isinstance(settings, str) else json.dumps(settings))


def refused(call, *arguments):
    try:
        call(*arguments)
    except ConfigError as error:
        return str(error)
    return None


def test_the_file_is_taken_once_and_again_when_its_text_changed():
    path = folder()
    write(path, GOOD)
    one = config(path)
    assert one.missing(NEEDED) == ["dev_eui", "join_eui", "app_key"]
    one.import_file()
    assert (one.version, one["dev_eui"], one.missing(NEEDED)) == (1, "70b3d57ed0000001", [])

    again = config(path)
    again.import_file()
    assert again.version == 1
    write(path, dict(GOOD, report_s=60))
    again.import_file()

    assert (again.version, again["report_s"]) == (2, 60)


def test_intervals_are_the_profiles_until_somebody_says_otherwise():
    path = folder()
    one = config(path)
    one.update({"profile": "lamp"})
    assert (one["sample_s"], one["report_s"], one.given("sample_s")) == (30, 3600, False)

    one.update({"sample_s": 20})

    assert (one["sample_s"], one.given("sample_s")) == (20, True)


def test_a_change_stands_in_flash_and_in_the_persons_file():
    path = folder()
    write(path, GOOD)
    one = config(path)
    one.import_file()

    one.update({"report_s": 120})

    assert json.loads(contents(path + "/device.json"))["report_s"] == 120
    again = config(path)
    again.import_file()
    assert (again.version, again["report_s"]) == (2, 120)


def test_each_wrong_value_has_its_sentence():
    for name, value, words in (
        ("report_s", 5, "report_s: 5 is not within 60 to 86400"),
        ("report_s", "60", "report_s: '60' is not a whole number"),
        ("report_s", True, "report_s: True is not a whole number"),
        ("app_key", "00", "app_key: expected 32 hex digits"),
        ("app_key", "zz" * 16, "app_key: expected 32 hex digits"),
        ("dev_eui", 12, "dev_eui: expected 16 hex digits"),
        (
            "profile",
            "tree",
            "profile: 'tree' is unknown; use bin or counter or lamp or parking or people",
        ),
        ("name", "x" * 25, "name: expected a text of at most 24 characters"),
        (
            "programme",
            [["25:00", 1]],
            'programme: expected [["HH:MM", level], ...], level 0 to 100',
        ),
        ("programme", 5, 'programme: expected [["HH:MM", level], ...], level 0 to 100'),
    ):
        assert refused(check, name, value) == words
    assert refused(check, "colour", 1).startswith("colour: unknown setting; known are app_key, ")


def test_a_wrong_file_or_wrong_together_changes_nothing():
    path = folder()
    write(path, GOOD)
    one = config(path)
    one.import_file()

    for text in ("{not json", "{", "[]", "", '{"report_s": 60'):
        write(path, text)
        said = refused(one.import_file)
        assert said.startswith("device.json is not one JSON object"), text
    write(path, dict(GOOD, report_s=1))
    assert refused(one.import_file) == "device.json: report_s: 1 is not within 60 to 86400"
    assert refused(one.update, {"on_lux": 50}).startswith("on_lux must be below off_lux")
    assert refused(one.update, {"height_mm": 1300}).startswith("height_mm is more than empty_mm")

    assert (one.version, one["report_s"], one["on_lux"]) == (1, 3600, 20)


def test_settings_that_fail_to_boot_twice_are_rolled_back():
    path = folder()
    one = config(path)
    one.update({"report_s": 100})
    one.booted()
    one.update({"report_s": 200})

    starts = [config(path)["report_s"] for _ in range(4)]

    assert starts == [200, 200, 100, 100]
    last = config(path)
    assert (last.version, last.boots) == (1, 6)  # lower: the gateway sees what was undone


def test_settings_that_boot_stay():
    path = folder()
    one = config(path)
    one.update({"report_s": 100})
    one.update({"report_s": 200})
    for _ in range(5):
        one = config(path)
        one.booted()

    assert one["report_s"] == 200


def test_typed_values_are_json_only_where_the_setting_is_no_text():
    assert typed("report_s", "60") == 60
    assert typed("report_s", "soon") == "soon"
    assert typed("dev_eui", "0011223344556677") == "0011223344556677"
    assert typed("programme", '[["22:00", 40]]') == [["22:00", 40]]


def test_what_a_command_may_set_is_what_a_person_may_set():
    for name in ("report_s", "sample_s"):
        for value in FIELDS[name][0]:
            codec.pack("interval", {"token": 1, name: value})
        for value in (FIELDS[name][0][0] - 1, FIELDS[name][0][1] + 1):
            try:
                codec.pack("interval", {"token": 1, name: value})
                raise AssertionError(name)
            except codec.WireError:
                pass


def test_every_setting_has_a_meaning():
    known = texts(FIELDS)
    for name, (_, kind) in FIELDS.items():
        assert kind in ("hex", "text", "choice", "number", "programme", "shape"), name
        assert known[name][1], name


def test_the_regions_that_may_be_set_are_the_files():
    files = os.listdir(HERE + "/../lorawan/region")

    assert regions() == sorted([one[:-3] for one in files if one[-3:] == ".py" and one[0] != "_"])
    for name in regions():
        assert check("region", name) == name
    assert refused(check, "region", "mars") == (
        "region: 'mars' is unknown; use " + " or ".join(regions())
    )


def test_the_profiles_that_may_be_set_are_the_files_that_were_installed():
    """The facts of all are there, for settings of another profile are kept."""
    files = os.listdir(HERE + "/../node/profiles")

    allowed = FIELDS["profile"][0]

    names = [one[:-3] for one in files if one[-3:] == ".py" and one[0] != "_"]
    assert list(allowed) == sorted(names)
    FIELDS["profile"] = ("bin",), "choice"
    try:
        assert refused(check, "profile", "lamp") == "profile: 'lamp' is unknown; use bin"
        assert check("on_lux", 7) == 7
    finally:
        FIELDS["profile"] = allowed, "choice"


def test_regions_that_are_frozen_cannot_be_listed_and_are_found_all_the_same():
    listed = region.__path__
    region.__path__ = "lorawan/nowhere"
    try:
        assert regions() == []
    finally:
        region.__path__ = listed
    allowed, kind = FIELDS["region"]
    FIELDS["region"] = [], kind
    try:
        assert check("region", "eu868") == "eu868"
        for wrong in ("mars", "", 7, "../eu868"):
            said = refused(check, "region", wrong)
            assert said == "region: %r is unknown; use one that is in the firmware" % (wrong,)
    finally:
        FIELDS["region"] = allowed, kind
