"""Blobs survive a cut of the power at any instant."""

import os

from tests.fake_device import contents, folder

# isort: split
from node.store import Store


def copies(path, name):
    return sorted(one for one in os.listdir(path) if one.startswith(name))


def test_a_saved_blob_is_there_after_a_restart():
    path = folder() + "/state"
    assert Store(path).fresh
    store = Store(path)
    store.save("keys", b"one")
    store.save("keys", b"two")
    store.save("keys", b"three")

    again = Store(path)

    assert not again.fresh
    assert again.load("keys") == b"three"
    assert again.previous("keys") == b"two"
    assert again.load("other") is None
    assert copies(path, "keys") == ["keys.a", "keys.b"]


def test_a_torn_write_leaves_the_last_whole_copy():
    path = folder() + "/state"
    store = Store(path)
    store.save("keys", b"one")
    store.save("keys", b"two")
    newest = "keys.a" if contents(path + "/keys.a")[8:] == b"two" else "keys.b"
    whole = contents(path + "/" + newest)

    for size in range(len(whole)):
        with open(path + "/" + newest, "wb") as file:
            file.write(whole[:size])
        assert Store(path).load("keys") == b"one", size


def test_the_write_after_a_torn_one_is_the_newest():
    path = folder() + "/state"
    store = Store(path)
    store.save("keys", b"one")
    store.save("keys", b"two")
    with open(path + "/keys.a", "wb") as file:
        file.write(b"torn")

    store = Store(path)
    store.save("keys", b"three")

    assert Store(path).load("keys") == b"three"
