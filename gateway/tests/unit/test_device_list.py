"""Lists of devices as spreadsheets write them: taken whole, or refused line by line."""

import csv
import io

import pytest

from gateway import device_list
from gateway.errors import Refused
from gateway.model import Device

GOOD = "name,profile,dev_eui,asset\nbin 1,bin,70B3D57ED0000001,bac-1\nlamp 1,lamp,,\n"


def refused(text):
    """The sentences of a list that is refused."""
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Refused) as error:
        device_list.read(raw)
    return str(error.value).splitlines()


def test_a_list_is_read_with_its_lines():
    found = device_list.read(GOOD.encode())

    assert [(line, one.name, one.profile, one.dev_eui) for line, one in found.wanted] == [
        (2, "bin 1", "bin", "70b3d57ed0000001"), (3, "lamp 1", "lamp", None),
    ]  # fmt: skip
    assert (found.wanted[0][1].asset, found.wanted[0][1].settings) == ("BAC-1", {"asset": "BAC-1"})
    assert not any(one.in_service for _, one in found.wanted)
    assert found.notes == ()


def test_semicolons_and_a_byte_order_mark_are_read_and_said():
    text = "\ufeff" + GOOD.replace(",", ";").replace("\n", "\r\n")

    found = device_list.read(text.encode())

    assert [one.name for _, one in found.wanted] == ["bin 1", "lamp 1"]
    assert found.notes == (
        "line 1: begins with a byte order mark; left out",
        "line 1: the columns are separated by semicolons; read as such",
    )


def test_a_doubled_eui_names_both_lines():
    twice = "name,profile,dev_eui\na,bin,70b3d57ed0000001\nb,bin,\nc,bin,70-B3-D5-7E-D0-00-00-01\n"

    assert refused(twice) == [
        (
            "line 4: the dev_eui 70-B3-D5-7E-D0-00-00-01 is that of line 2 too; whoever made the "
            "list gives one of them its own"
        )
    ]
    assert "the name A is that of line 2 too" in refused("name,profile\na,bin\nA,bin\n")[0]


def test_a_doubled_key_is_said_without_the_key():
    key = "2b7e151628aed2a6abf7158809cf4f3c"
    said = refused(f"name,profile,app_key\na,bin,{key}\nb,bin,{key}\n")[0]

    assert "line 3: the app_key is that of line 2 too" in said
    assert key not in said
    assert key[:31] not in refused(f"name,profile,app_key\na,bin,{key[:31]}\n")[0]


def test_a_wrong_column_is_named_with_what_was_meant():
    assert refused("name,profile,deveui\na,bin,\n") == [
        (
            "line 1: there is no column 'deveui'; did you mean dev_eui? use name, profile, "
            "dev_eui, join_eui, app_key, report_s, sample_s, asset"
        )
    ]
    assert refused("name,dev_eui\na,\n") == [
        "line 1: the column profile is missing; whoever made the list adds it"
    ]
    assert "is there twice" in refused("name,profile,name\na,bin,b\n")[0]


@pytest.mark.parametrize("cell", ["7.0B3D57E+15", "7,03E+15", "7.03E15", "7E+15"])
def test_digits_that_a_spreadsheet_rounded_are_not_guessed(cell):
    said = refused(f'name;profile;dev_eui\na;bin;"{cell}"\n')[0]

    if cell == "7.0B3D57E+15":
        assert "has 12 characters" in said
    else:
        assert said == (
            f"line 2: a spreadsheet made a number of the dev_eui {cell!r}, its digits are lost; "
            "whoever made the list formats the column as text and enters it again"
        )


def test_zeros_that_were_cut_off_are_suspected():
    assert refused("name,profile,join_eui\na,bin,1\n") == [
        (
            "line 2: the join_eui '1' has 1 characters, perhaps zeros in front were cut off; "
            "whoever made the list gives 16 hexadecimal digits, in a column formatted as text"
        )
    ]


def test_a_hexadecimal_number_that_looks_like_a_rounded_one_is_taken():
    found = device_list.read(b"name,profile,dev_eui\na,bin,12345678901234E5\n")
    assert found.wanted[0][1].dev_eui == "12345678901234e5"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the list is empty"),
        ("name,profile\n", "has no device below its first line"),
        ("name,profile\na\n", "line 2: 1 cells, the first line has 2 columns"),
        ("name,profile\na,bin,x\n", "line 2: 3 cells, the first line has 2 columns"),
        ("name,profile\n,bin\n", "line 2: the name is empty"),
        ("name,profile\na,bus\n", "line 2: there is no profile 'bus'; use one of bin, lamp"),
        ("name,profile,report_s\na,bin,5\n", "line 2: report_s is '5'"),
        ("name,profile,report_s\na,bin,²\n", "line 2: report_s is '²'"),
        ("name,profile\n=1+1,bin\n", "line 2: name begins with '=', a spreadsheet computes it"),
        (f"name,profile\n{'x' * 25},bin\n", "line 2: the name has 25 characters"),
        ("name,profile,asset\na,bin,b c\n", "line 2: asset is 'b c'"),
        ("name,profile\nÉ,bin\n".encode("cp1252"), "line 2: a character is not UTF-8"),
        ("name,profile\na,bin\n".encode("utf-16"), "line 1: the file is UTF-16"),
        ('name,profile\n"a,bin\n', "line 2: unexpected end of data"),
    ],
)
def test_each_mistake_has_its_line_and_who_acts_next(text, said):
    sentences = refused(text)
    assert said in sentences[0]
    assert ("whoever made the list" in sentences[0]) or "use one of" in sentences[0]


def test_every_wrong_line_is_told_at_once():
    rows = "".join(f"n{at},bus\n" for at in range(30))
    said = refused("name,profile\n" + rows)
    assert len(said) == 21
    assert said[-1] == "and 10 more"


def test_a_list_that_is_written_has_no_key_and_is_read_again():
    device = Device("70b3d57ed0000001", "Écluse, 7", "bin", "0" * 16, report_s=600, asset="B-1")

    text = device_list.write([device])

    assert "app_key" not in text
    found = device_list.read(text.encode())
    assert found.wanted[0][1].name == "Écluse, 7"
    assert found.wanted[0][1].settings == {"report_s": 600, "asset": "B-1"}


def test_a_name_that_a_spreadsheet_would_compute_is_written_as_text():
    device = Device("70b3d57ed0000001", "=HYPERLINK(1)", "bin", "0" * 16)
    rows = list(csv.reader(io.StringIO(device_list.write([device]))))
    assert rows[1][0] == "'=HYPERLINK(1)"
