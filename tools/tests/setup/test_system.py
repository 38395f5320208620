import pytest

from tools.setup.progress import SetupError
from tools.setup.system import System, detect, elevation, install, release, why


def test_os_release_values_lose_their_quotes():
    text = 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n# comment\nVERSION_CODENAME=noble\n'

    fields = release(text)

    assert fields == {
        "NAME": "Ubuntu", "ID": "ubuntu", "ID_LIKE": "debian", "VERSION_CODENAME": "noble",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("system", "builds"),
    [
        (System(("debian",), "bookworm", "amd64"), True),
        (System(("ubuntu", "debian"), "noble", "amd64"), True),
        (System(("debian",), "trixie", "arm64"), False),
        (System(("fedora",), "", ""), False),
    ],
)
def test_micropython_is_built_on_x86_debian_and_what_is_made_from_it(system, builds):
    assert system.builds_micropython is builds


def test_a_machine_without_os_release_is_no_debian(tmp_path):
    assert not detect(tmp_path / "absent").builds_micropython


def test_root_needs_nothing_before_apt_get():
    assert elevation(0, None, terminal=False) == []


def test_sudo_may_ask_where_somebody_sits():
    assert elevation(1000, "/usr/bin/sudo", terminal=True) == ["/usr/bin/sudo"]


@pytest.mark.parametrize("sudo", [None, "/bin/false"])
def test_without_root_and_sudo_there_is_no_way(sudo):
    assert elevation(1000, sudo, terminal=False) is None


def test_a_system_without_apt_is_told_what_to_install():
    with pytest.raises(SetupError, match=r"gcc, cmake.*own package manager"):
        install(["gcc", "cmake"], System(("fedora",), "", ""))


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Err:1 x\n  Temporary failure resolving 'm'\nE: U", "Temporary failure resolving 'm'."),
        ("Reading\nE: Unable to locate package a\nE: other", "Unable to locate package a."),
        ("half a line", "half a line."),
        ("", "it said nothing."),
    ],
)  # fmt: skip
def test_of_all_that_apt_says_one_line_is_told(said, line):
    assert why(said) == line
