import pytest

from tools.setup.apt import host, host_mirror, mirror_in, sources_text
from tools.setup.progress import SetupError
from tools.setup.system import System

BOOKWORM = System(("debian",), "bookworm", "amd64")


def test_the_mirror_is_that_of_the_release_not_of_security_or_a_third_party():
    targets = (
        "http://other.example/node nodistro main\n"
        "http://mirror.example/security/ bookworm-security main\n"
        "http://mirror.example/debian/ bookworm contrib\n"
        "http://mirror.example/debian/ bookworm main\n"
    )

    assert host_mirror(targets, BOOKWORM) == "http://mirror.example/debian/"


@pytest.mark.parametrize("suite", ["stable", "oldstable", "testing"])
def test_a_source_may_name_the_release_by_its_rank(suite):
    targets = f"http://mirror.example/debian {suite} main\n"

    assert host_mirror(targets, BOOKWORM) == "http://mirror.example/debian"


@pytest.mark.parametrize("targets", ["", "http://mirror.example/ubuntu noble main\n", "nonsense"])
def test_no_mirror_is_found_where_none_is_debian(targets):
    assert host_mirror(targets, BOOKWORM) == ""


@pytest.mark.parametrize(
    ("text", "mirror"),
    [
        ("BaseURI: https://mirror.example/debian/\nBaseURI: x", "https://mirror.example/debian"),
        ('DEF_MIRROR="http://mirror.example/debian"', "http://mirror.example/debian"),
        ("  default_mirror http://mirror.example/debian\n", "http://mirror.example/debian"),
        ("default_mirror http://archive.mirror.example/debian\n", ""),
        ("BaseURI: http://mirror.example/debian-security/", ""),
        ("default_mirror http://mirror.example/ubuntu", ""),
    ],
)
def test_a_file_of_a_package_tells_where_debian_is(text, mirror):
    assert mirror_in(text) == mirror


def test_the_source_is_signed_and_has_sources(tmp_path):
    text = sources_text("http://mirror.example/debian", tmp_path / "key.gpg")

    assert text == (
        "Types: deb deb-src\nURIs: http://mirror.example/debian\nSuites: trixie\n"
        f"Components: main\nSigned-By: {tmp_path / 'key.gpg'}\n"
    )


def test_an_unreachable_mirror_is_one_line_of_apt(tmp_path, monkeypatch):
    fake = tmp_path / "bin" / "apt-get"
    fake.parent.mkdir()
    fake.write_text(
        "#!/bin/sh\necho 'Err:1 http://mirror.example bookworm InRelease'\n"
        "echo \"  Could not resolve 'mirror.example'\"\necho 'E: Some index failed'\nexit 100\n"
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")

    with pytest.raises(SetupError) as caught:
        host(tmp_path / "state", tmp_path / "log")

    assert str(caught.value) == (
        "The package lists cannot be had: Could not resolve 'mirror.example'."
    )
