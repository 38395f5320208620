"""A node's files as firmware 0.1.0 left them open with nothing lost.

`data/legacy`: a bin, a lamp and a counter after two hours in which the network heard them only at
first; `info.json` is what each said of itself then.
"""

import json
import os

from tests.fake_device import contents, folder

# isort: split
from node.config import Config
from node.history import History
from node.journal import Journal
from node.store import Store
from wire import codec, decoding

HERE = __file__.rsplit("/", 1)[0]
KINDS = ("bin", "lamp", "counter")


def restored(kind):
    """A copy of what was on the board's flash: (folder, info of then)."""
    source, target = HERE + "/data/legacy/" + kind, folder()
    os.mkdir(target + "/state")
    os.mkdir(target + "/state/journal")
    for name in os.listdir(source):
        if name not in {"journal", "info.json"}:
            where = target if name == "device.json" else target + "/state"
            with open(where + "/" + name, "wb") as file:
                file.write(contents(source + "/" + name))
    for name in os.listdir(source + "/journal"):
        with open(target + "/state/journal/" + name, "wb") as file:
            file.write(contents(source + "/journal/" + name))
    return target, json.loads(contents(source + "/info.json"))


def opened(path, made=Journal):
    return made(Store(path + "/state"), path + "/state/journal")


def test_every_reading_that_waited_still_waits_and_is_whole():
    for kind, made in [(kind, made) for kind in KINDS for made in (Journal, History)]:
        path, info = restored(kind)
        journal = opened(path, made)

        assert journal.waiting() == info["waiting"], kind
        assert (journal.next_seq, journal.dropped) == (info["next_seq"], info["dropped"]), kind
        seen = []
        while journal.waiting():
            batch = journal.batch(9)
            for one in batch:
                name, records = decoding.unpack(one.fport, codec.frame([one.data]))
                assert (name, records[0]["seq"]) == (kind, one.seq)
                assert one.age_s(info["boots"], info["uptime_s"], 0) >= 0
            seen += [one.seq for one in batch]
            journal.sent(batch)
            journal.acked()
        first = info["next_seq"] - info["waiting"]
        assert seen == list(range(first, info["next_seq"])), kind
        assert journal.torn == 0


def test_the_journal_goes_on_where_it_stood():
    for kind in KINDS:
        path, info = restored(kind)
        one = opened(path)
        one.add(2, 5, 0, 10, b"new")

        again = opened(path)

        assert again.next_seq == info["next_seq"] + 1, kind
        assert again.waiting() == info["waiting"] + 1, kind


def test_settings_and_counts_of_starts_are_as_they_were():
    for kind in KINDS:
        path, info = restored(kind)
        config = Config(Store(path + "/state"), path + "/device.json")
        given = json.loads(contents(path + "/device.json"))

        config.import_file()

        assert config.version == info["config_version"], kind
        assert config.boots == info["boots"] + 1
        assert {name: config[name] for name in given} == given
        assert (config["dev_eui"], config["profile"]) == (info["dev_eui"], kind)
        config.booted()
        assert Config(Store(path + "/state"), path + "/device.json").version == config.version
