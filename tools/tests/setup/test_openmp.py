"""The library that LightGBM asks of the system."""

import pytest

from tools.setup import openmp
from tools.setup.progress import SetupError
from tools.setup.system import System


def test_a_system_that_has_it_needs_nothing_and_one_without_is_told_apart():
    assert openmp.ready("any key", "libc.so.6")
    assert not openmp.ready("any key", "libgomp.so.99")


def test_where_it_cannot_be_brought_a_sentence_says_who_installs_it():
    with pytest.raises(SetupError, match="install it with this system's own package manager"):
        openmp.bring(System(("fedora",), "", ""), "any key", "libgomp.so.99")


def test_what_the_compiler_brought_meanwhile_is_not_brought_again():
    openmp.bring(System(("fedora",), "", ""), "any key", "libc.so.6")
