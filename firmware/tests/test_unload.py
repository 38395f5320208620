"""Modules that are needed now and then leave the heap; frozen ones stay, they are in flash."""

import sys

from unload import unload


class Module:
    """A module by its `__file__`, as MicroPython sets it."""

    def __init__(self, file):
        self.__file__ = file


def loaded(file):
    """Is `node.sample`, loaded from this file, still there after `unload`?"""
    import node

    module = Module(file)
    sys.modules["node.sample"] = module
    node.sample = module
    unload("node.sample")
    still = "node.sample" in sys.modules, hasattr(node, "sample")
    if sys.modules.pop("node.sample", None):
        del node.sample
    return still


def test_a_module_of_the_file_system_is_forgotten():
    assert loaded("/lib/node/sample.mpy") == (False, False)
    assert loaded("/lib/node/sample.py") == (False, False)


def test_a_frozen_module_stays():
    assert loaded("node/sample.py") == (True, True)


def test_what_is_not_loaded_is_no_error():
    unload("node.nothing_of_this_name")


def test_micropythons_own_frozen_modules_have_such_a_file():
    import asyncio

    if sys.implementation.name == "micropython":
        assert asyncio.Event  # loads a second file
        assert sys.modules["asyncio.event"].__file__ == "asyncio/event.py"


def test_a_module_comes_back_when_it_is_imported_again():
    from wire import schema

    unload("wire.schema")
    assert "wire.schema" not in sys.modules
    from wire import schema as again

    assert again is not schema
    assert again.PAYLOADS == schema.PAYLOADS
