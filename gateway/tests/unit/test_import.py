"""`device import`: fifty units of one list, whole or not at all; and no key where none belongs."""

import json
import re
import stat

import pytest
import segno

from gateway import device_list, labels
from gateway.certificate import checksum, label
from gateway.errors import Broken, Refused, Retry
from gateway.model import Device
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts
from gateway.tests.unit.cli_bench import as_json, command_line
from gateway.usecases import device_lists

KEY = "2b7e151628aed2a6abf7158809cf4f3c"
FIFTY = "name,profile\n" + "".join(f"bin {at},bin\n" for at in range(1, 51))


@pytest.fixture
def run(tmp_path):
    config = tmp_path / "lamplighter.toml"
    config.write_text('site = "street"\n[network]\nkind = "virtual"\n')
    return command_line(config)


@pytest.fixture
async def parts():
    async with Store(source="lamplighter/test") as store:
        yield made_parts(store)


def write(tmp_path, text, name="units.csv"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_fifty_units_have_their_files_labels_and_list(run, tmp_path):
    folder = tmp_path / "batch"

    done = as_json(run, "device", "import", write(tmp_path, FIFTY), "--output", str(folder))

    assert (done["count"], len(set(done["devices"]))) == (50, 50)
    files = sorted(folder.glob("*.json"))
    made = [json.loads(path.read_text()) for path in files]
    assert sorted(one["dev_eui"] for one in made) == sorted(done["devices"])
    assert {path.stem for path in files} == set(done["devices"])
    assert len({one["app_key"] for one in made}) == 50
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    listed = as_json(run, "device", "list")["devices"]
    assert len(listed) == 50
    assert not any(one["in_service"] for one in listed)
    keys = [one["app_key"].encode() for one in made]
    for name in ("labels.pdf", "devices.csv"):
        data = (folder / name).read_bytes()
        assert not [key for key in keys if key in data or key.upper() in data], name


def test_a_wrong_line_imports_nothing_and_leaves_no_file(run, tmp_path):
    folder = tmp_path / "batch"
    wrong = write(tmp_path, FIFTY.replace("bin 30,bin", "bin 30,bus"))

    code, _, said = run("device", "import", wrong, "--output", str(folder))

    assert (code, folder.exists()) == (1, False)
    assert "line 31: there is no profile 'bus'" in said
    assert as_json(run, "device", "list")["devices"] == []


def test_what_is_registered_already_is_named_with_its_line(run, tmp_path):
    as_json(run, "device", "add", "Bin 7", "--profile", "bin")
    code, _, said = run(
        "device", "import", write(tmp_path, FIFTY), "--output", str(tmp_path / "batch")
    )
    assert code == 1
    assert "line 8: the name bin 7 is registered already" in said
    assert len(as_json(run, "device", "list")["devices"]) == 1


def test_a_folder_that_is_there_is_not_written_to(run, tmp_path):
    code, _, said = run("device", "import", write(tmp_path, FIFTY), "--output", str(tmp_path))
    assert code == 1
    assert "is there already and may hold other units' keys: nothing was registered" in said
    assert as_json(run, "device", "list")["devices"] == []
    code, _, said = run("device", "import", str(tmp_path / "no.csv"), "--output", "x")
    assert "cannot be read: No such file or directory; name the list" in said


async def ready(parts, text=FIFTY):
    return await device_lists.prepare(parts, device_list.read(text.encode()))


async def test_an_import_that_is_cut_off_takes_everything_back(parts):
    made = await ready(parts)

    def cut(done):
        if done == 30:
            raise Retry("the network server does not answer")

    with pytest.raises(Retry):
        await device_lists.register(parts, made, cut)

    assert await parts.store.read(lambda view: view.devices()) == []
    assert parts.network.devices == {}


async def test_what_the_network_server_does_not_take_back_stays_here_and_is_named(parts):
    made = await ready(parts)

    def away(done):
        if done == 2:
            parts.network.away = Retry("the network server does not answer")

    with pytest.raises(Broken, match="does not take back bin 1, bin 2: their files stay"):
        await device_lists.register(parts, made, away)

    left = await parts.store.read(lambda view: view.devices())
    assert [one.name for one in left] == ["bin 1", "bin 2"]
    assert set(parts.network.devices) == {one.dev_eui for one in left}


async def test_a_key_of_the_list_is_the_devices_key(parts):
    made = await ready(parts, f"name,profile,app_key\na,bin,{KEY.upper()}\n")
    await device_lists.register(parts, made, lambda _done: None)
    assert parts.network.devices[made[0].device.dev_eui][1] == KEY
    assert KEY not in (await device_lists.export(parts)).csv
    with pytest.raises(Refused, match="line 2: the name a is registered already"):
        await ready(parts, "name,profile\na,bin\n")


def test_a_list_that_was_exported_is_imported_elsewhere(run, tmp_path):
    as_json(run, "device", "import", write(tmp_path, FIFTY), "--output", str(tmp_path / "a"))
    code, _, _ = run("device", "export", "--output", str(tmp_path / "out.csv"))
    assert code == 0
    (tmp_path / "elsewhere.toml").write_text(
        'site = "other"\n[network]\nkind = "virtual"\n[store]\npath = "other.db"\n'
    )
    other = command_line(tmp_path / "elsewhere.toml")
    done = as_json(
        other, "device", "import", str(tmp_path / "out.csv"), "--output", str(tmp_path / "b")
    )
    assert done["count"] == 50


def dark(pdf):
    """The filled rectangles of a PDF, in its order: (x, y, width)."""
    rows = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) [\d.]+ re f", pdf)
    return [tuple(map(float, row)) for row in rows]


def test_a_label_has_the_identity_as_the_standard_writes_it_and_as_a_qr_code():
    device = Device("70b3d57ed0000001", "Écluse (7)", "bin", "0" * 16, asset="B-1")
    text = label(device.join_eui, device.dev_eui, device.profile, device.asset)
    assert (
        text
        == f"LW:D0:{'0' * 16}:70B3D57ED0000001:FFFF0001:SB-1:C{checksum(text[:-6].encode()):04X}"
    )

    pdf = labels.sheets([device])

    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    assert rb"\311cluse \0507\051" in pdf
    assert b"70B3 D57E D000 0001" in pdf
    drawn = dark(pdf)
    rows = [bytes(row) for row in segno.make_qr(text, error="m").matrix]
    side = min(width for _, _, width in drawn)
    assert round(sum(width for _, _, width in drawn) / side) == sum(map(sum, rows))
    assert len({y for _, y, _ in drawn}) == len(rows)


def test_the_table_of_a_pdf_says_where_its_objects_begin():
    pdf = labels.sheets([Device(f"{at:016x}", f"bin {at}", "bin", "0" * 16) for at in range(25)])
    table = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    rows = re.findall(rb"(\d{10}) 00000 n ", pdf[table:])
    for number, row in enumerate(rows, 1):
        assert pdf[int(row) :].startswith(b"%d 0 obj" % number)
    assert b"/Count 2" in pdf


def test_labels_are_written_for_all_or_for_some(run, tmp_path):
    as_json(run, "device", "import", write(tmp_path, FIFTY), "--output", str(tmp_path / "a"))
    path = str(tmp_path / "l.pdf")
    assert as_json(run, "device", "labels", path, "bin 3", "bin 4") == {"labels": 2}
    assert as_json(run, "device", "labels", path) == {"labels": 50}
    code, _, said = run("device", "labels", str(tmp_path / "no" / "l.pdf"))
    assert (code, "cannot be written" in said) == (1, True)
