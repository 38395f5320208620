"""The firmware in one file: what is packed is found in it, all else where it was."""

import os

from tests.fake_device import contents, folder

# isort: split
from packed import Pack
from packing import make

FOLDER = 0x4000


def listed(path):
    """As MicroPython's os.ilistdir, which CPython has not."""
    for name in sorted(os.listdir(path)):
        yield name, os.stat(path + "/" + name)[0] & FOLDER


if not hasattr(os, "ilistdir"):
    os.ilistdir = listed


def written(path, data):
    with open(path, "wb") as file:
        file.write(data)


def library():
    """A folder with two modules, a package and a text; (it, where its pack is)."""
    root = folder()
    lib = root + "/lib"
    for path in (lib, lib + "/node", lib + "/node/texts"):
        os.mkdir(path)
    written(lib + "/unload.mpy", b"M" + bytes(3000))
    written(lib + "/packed.mpy", b"itself")
    written(lib + "/node/__init__.mpy", b"package")
    written(lib + "/node/app.mpy", b"application")
    written(lib + "/node/texts/en.txt", b"text")
    return lib, root + "/lib.pack"


def made():
    lib, path = library()
    fed = []
    assert make(lambda: fed.append(1), {"/board.json": b"{}"}, path, lib)
    assert len(fed) == 4, "the watchdog waits for the whole of it"
    return lib, path


def packed():
    lib, path = made()
    return lib, Pack(path, lib)


def read(pack, path):
    """A file's bytes by the pack."""
    with pack.open(path, "rb") as file:
        return file.read()


def absent(pack, path):
    try:
        pack.stat(path)
        return False
    except OSError:
        return True


def test_a_module_is_found_as_micropython_looks_for_it():
    lib, pack = packed()
    for name in ("/node/app.mpy", "/node/__init__.mpy", "/unload.mpy", "/node", "/node/texts"):
        os.stat(lib + name)
    for path in os.listdir(lib + "/node"):
        if path[-4:] == ".mpy":
            os.remove(lib + "/node/" + path)  # from here on only the pack has it

    assert pack.stat("/node")[0] == FOLDER
    assert pack.stat("/node/app.mpy")[0] == 0x8000
    assert read(pack, "/node/app.mpy") == b"application"
    assert read(pack, "/unload.mpy") == b"M" + bytes(3000)
    assert read(pack, "/node/__init__.mpy") == b"package"
    pack.umount()


def test_what_comes_before_a_module_of_the_pack_is_not_looked_for_on_flash():
    lib, pack = packed()
    written(lib + "/node/app.py", b"")

    assert absent(pack, "/node/app.py")
    assert absent(pack, "/node/app")
    pack.umount()


def test_what_is_not_packed_is_where_it_was():
    lib, pack = packed()
    written(lib + "/later.mpy", b"later")

    written(lib + "/node/later.mpy", b"later")

    assert pack.stat("/node/later.mpy")[6] == 5
    assert read(pack, "/node/later.mpy") == b"later"
    assert read(pack, "/node/texts/en.txt") == b"text"
    assert absent(pack, "/later.mpy"), "MicroPython looks for it in /lib next"
    assert absent(pack, "/nothing.mpy")
    pack.umount()


def test_a_module_that_is_torn_comes_from_its_own_file():
    lib, path = made()
    written(path, contents(path).replace(b"application", b"applicatiox"))

    pack = Pack(path, lib)

    assert read(pack, "/node/app.mpy") == b"application"
    pack.umount()


def test_what_a_wake_needs_besides_is_in_it():
    _, pack = packed()
    assert read(pack, "/board.json") == b"{}"
    pack.umount()


def test_it_begins_with_what_reads_it():
    _, path = made()
    assert contents(path)[:10] == b"\6\0\0\0itself"


def test_a_torn_pack_is_none():
    lib, path = made()
    whole = contents(path)
    other = whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:]
    for data in (b"", whole[:7], whole[:-1], whole[:-9] + b"x" + whole[-8:], b"\xff" * 40, other):
        written(path, data)
        try:
            Pack(path, lib)
            raise AssertionError(data)
        except ValueError:
            pass


def test_a_new_pack_replaces_the_old_one_whole():
    lib, path = made()
    written(lib + "/node/app.mpy", b"version 2")

    assert make(bool, {}, path, lib)

    pack = Pack(path, lib)
    assert read(pack, "/node/app.mpy") == b"version 2"
    assert sorted(os.listdir(lib[:-4])) == ["lib", "lib.pack"]
    pack.umount()


def test_where_none_can_be_made_there_is_none():
    _, path = made()

    assert not make(bool, {}, path, "/nowhere/lib")

    assert not [name for name in os.listdir(path[:-9]) if name != "lib"]
