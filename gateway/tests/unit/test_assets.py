"""Assets: lists in CSV and GeoJSON, what is wrong by line, and devices over time."""

import json

import pytest

from gateway import asset_geojson, asset_list, assets
from gateway.errors import Refused, Unknown
from gateway.model import Device
from gateway.records import Asset, Stay
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts
from gateway.tests.unit.cli_bench import as_json, command_line
from gateway.usecases import assets as usecase
from gateway.usecases import devices
from gateway.usecases.assets import AssetsQuery, AssignRequest

EUI, OTHER = "70b3d57ed005a001", "70b3d57ed005a002"
HEAD = "id,kind,lat,lon,street,zone,model,capacity,floor_class,dev_eui\n"
LIST = HEAD + (
    f"BIN-1,bin,47.7501,7.3401,Rue de la Paix,centre,XL,240,,{EUI}\n"
    "LAMP-1,lamp,47.7502,7.3402,Rue de la Paix,C12,,70,P4,\n"
    "BAY-1,bay,47.7503,7.3403,,,,12,,\n"
    "COUNT-1,counter,47.7504,7.3404,,,,,,\n"
)


@pytest.fixture
async def parts(tmp_path):
    async with Store(source="lamplighter/test") as store:
        for number, eui in enumerate((EUI, OTHER)):
            one = Device(eui, f"bin {number}", "bin", "0" * 16)
            await store.write(lambda tx, one=one: tx.add_device(one))
        yield made_parts(store, tmp_path)


def geojson(*features, **more):
    return json.dumps({"type": "FeatureCollection", "features": features} | more).encode()


def point(id_, lon, lat, **tags):
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "id": id_, "geometry": geometry, "properties": tags}


async def test_a_list_comes_in_goes_out_and_comes_in_again_the_same(parts):
    done = await usecase.bring(parts, LIST.encode())
    assert (done.added, done.changed, done.same) == (4, 0, 0)

    for as_geojson in (False, True):
        out = await usecase.export(parts, geojson=as_geojson)
        done = await usecase.bring(parts, out.encode())
        assert (done.added, done.changed, done.same) == (0, 0, 4), out

    found = await usecase.find(parts, "bin-1")
    assert (found.street, found.capacity, found.dev_eui) == ("Rue de la Paix", 240.0, EUI)
    assert (await devices.find(parts, EUI)).asset == "BIN-1"
    lamps = await usecase.find_all(parts, query=AssetsQuery(kind="lamp", zone="C12"))
    assert [one.id for one in lamps.assets] == ["LAMP-1"]


async def test_a_spreadsheets_list_is_read_and_nothing_in_it_is_computed(parts):
    text = (
        "\ufeffid;kind;lat;lon;street\r\n"
        'B1;bin;47,75;-7,34;"\'=HYPERLINK(""http://x"")"\r\n'
        "B2;bin;47.75;-7.34;<img src=x onerror=alert(1)>\r\n"
    )
    done = await usecase.bring(parts, text.encode())

    assert len(done.notes) == 3
    assert (await usecase.find(parts, "B1")).street == '=HYPERLINK("http://x")'
    out = await usecase.export(parts, geojson=False)
    assert "'=HYPERLINK" in out
    assert ",-7.34," in out  # a number stays one
    assert (await usecase.bring(parts, out.encode())).same == 2


def test_tags_of_openstreetmap_are_understood():
    ring = [[7.3, 47.7], [7.4, 47.7], [7.4, 47.8], [7.3, 47.7]]
    area = {"type": "Polygon", "coordinates": [ring]}
    found, notes = asset_geojson.read(
        geojson(
            point("node/1", 7.34, 47.75, amenity="waste_basket", **{"addr:street": "Rue X"}),
            point("node/2", 7.34, 47.75, highway="street_lamp"),
            {"type": "Feature", "id": "way/3", "geometry": area,
             "properties": {"amenity": "parking", "capacity": "12"}},
            point("node/4", 7.34, 47.75, amenity="bench"),
        )
    )  # fmt: skip

    assert [(one.asset.id, one.asset.kind) for one in found] == [
        ("NODE-1", "bin"), ("NODE-2", "lamp"), ("WAY-3", "bay"),
    ]  # fmt: skip
    assert (found[2].asset.lat, found[2].asset.lon, found[2].asset.capacity) == (47.75, 7.35, 12)
    assert found[0].asset.street == "Rue X"
    assert notes == ["1 features are none of bin, lamp, bay, counter; left out"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("id,kind,x,y\nB1,bin,1,2\n", "line 1: x and y are metres"),
        (
            HEAD + "B1,bin,6745000,1020000,,,,,,\n",
            "line 2: the position 6.745e+06, 1.02e+06 is in",
        ),
        (HEAD + "B1,bin,107.3,47.7,,,,,,\n", "line 2: lat is 107.3: lat and lon are swapped"),
        (HEAD + "B1,bin,north,7,,,,,,\n", "line 2: lat is 'north', not a number"),
        (HEAD + "B 1,bin,47,7,,,,,,\n", "line 2: id is 'B 1'"),
        (HEAD + "B1,tree,47,7,,,,,,\n", "line 2: kind is 'tree'"),
        (HEAD + "B1,bin,47,7,,,,,,7.03E+15\n", "line 2: dev_eui is '7.03e+15'"),
        (HEAD + "L1,lamp,47,7,,,,,P9,\n", "line 2: floor_class is 'P9'"),
        (HEAD + "B1,bin,47,7,,,,-1,,\n", "line 2: capacity is -1"),
        (HEAD + "B1,bin,47,7,,,,,,\nb1,bin,47,7,,,,,,\n", "line 3: B1 is in line 2 too"),
        (HEAD + f"B1,bin,47,7,{'x' * 101},,,,,\n", "line 2: street has more than 100"),
        (
            "id,kind,lat,long\nB1,bin,47,7\n",
            "line 1: there is no column 'long'; did you mean lon?",
        ),
        (HEAD + "B1,bin,47\n", "line 2: 3 cells, the first line has 10"),
        ('{"type":"Feature"}', "this is no FeatureCollection"),
        (geojson(point("1", 9e5, 6e6, kind="bin")), "line 1: the position 6e+06, 900000 is in"),
        (
            geojson(crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}),
            "exports it as WGS 84 (EPSG:4326)",
        ),
        (geojson(point("1", 7, 47, amenity="bench")), "no feature is a bin"),
        (geojson({"type": "Feature", "id": "1", "properties": {"kind": "bin"}}), "no position"),
    ],
)
def test_what_is_wrong_is_told_by_line(raw, said):
    with pytest.raises(Refused) as caught:
        usecase.read(raw if isinstance(raw, bytes) else raw.encode())
    assert said in str(caught.value)


async def test_swapped_and_far_positions_are_told_from_those_that_are_there(parts):
    await usecase.bring(parts, LIST.encode())
    wrong = HEAD + "B7,bin,7.34,47.75,,,,,,\nB8,bin,48.86,2.35,,,,,,\n"

    with pytest.raises(Refused) as caught:
        await usecase.bring(parts, wrong.encode())

    first, second = str(caught.value).split("\n")
    assert first.startswith("line 2: B7 lies ")
    assert "swapped" in first
    assert "corrects its position" in second
    assert len((await usecase.find_all(parts, query=AssetsQuery())).assets) == 4  # nothing came in


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (HEAD + f"B7,bin,47.7,7.3,,,,,,{EUI}\n", "stands for BIN-1 already"),
        (
            HEAD + f"B7,bin,47.7,7.3,,,,,,{OTHER}\nB8,bin,47.7,7.3,,,,,,{OTHER}\n",
            f"line 3: the device {OTHER} stands for B7 already",
        ),
        (HEAD + "B7,bin,47.7,7.3,,,,,,70b3d57ed005a009\n", "line 2: there is no device"),
    ],
)
async def test_a_device_stands_for_one_asset(parts, raw, said):
    await usecase.bring(parts, LIST.encode())
    with pytest.raises(Refused, match=said):
        await usecase.bring(parts, raw.encode())


async def test_two_assets_of_a_list_exchange_their_devices(parts):
    await usecase.bring(parts, LIST.replace("BAY-1,bay,47.7503,7.3403,,,,12,,", (
        f"BAY-1,bay,47.7503,7.3403,,,,12,,{OTHER}")).encode())  # fmt: skip
    both = HEAD + f"BIN-1,bin,47.75,7.34,,,,,,{OTHER}\nBAY-1,bay,47.75,7.34,,,,,,{EUI}\n"

    await usecase.bring(parts, both.encode())

    assert (await usecase.find(parts, "BIN-1")).dev_eui == OTHER
    assert (await devices.find(parts, EUI)).asset == "BAY-1"


async def test_devices_follow_one_another_and_leave_with_their_removal(parts):
    await usecase.bring(parts, LIST.encode())
    later = AssignRequest(OTHER, "2023-11-14T22:13:20Z")
    changed = await usecase.assign(parts, "BIN-1", body=later)

    assert [one.dev_eui for one in changed.stays] == [EUI, OTHER]
    assert changed.stays[0].until == changed.stays[1].since == "2023-11-14T22:13:20.000Z"
    assert (await devices.find(parts, EUI)).asset == ""
    with pytest.raises(Refused, match="stands for BIN-1: take it off there first"):
        await usecase.assign(parts, "LAMP-1", body=AssignRequest(OTHER))
    with pytest.raises(Refused, match="another device after that instant"):
        await usecase.assign(parts, "BIN-1", body=AssignRequest(EUI, "2020-01-01T00:00:00Z"))
    with pytest.raises(Refused, match="in the future"):
        await usecase.assign(parts, "BIN-1", body=AssignRequest(EUI, "2090-01-01T00:00:00Z"))
    with pytest.raises(Unknown, match="no asset"):
        await usecase.assign(parts, "X", body=AssignRequest(EUI))

    await devices.remove(parts, OTHER)
    assert (await usecase.find(parts, "BIN-1")).dev_eui == ""
    await usecase.remove(parts, "BIN-1")
    with pytest.raises(Unknown):
        await usecase.find(parts, "BIN-1")


async def test_a_device_in_service_stands_for_the_asset_of_its_certificate(parts):
    await usecase.bring(parts, LIST.encode())
    device = await parts.store.read(lambda view: view.device(EUI))

    await parts.store.write(lambda tx: assets.settle(tx, "COUNT-1", device, 1_800_000_000_000))

    assert (await usecase.find(parts, "BIN-1")).dev_eui == ""
    assert (await usecase.find(parts, "COUNT-1")).stays[0].dev_eui == EUI


def test_the_command_line_brings_lists_and_assigns(tmp_path):
    config = tmp_path / "lamplighter.toml"
    config.write_text('site = "x"\n[network]\nkind = "virtual"\n')
    run = command_line(config)
    list_ = tmp_path / "assets.csv"
    list_.write_text(LIST.replace(EUI, ""))

    assert as_json(run, "asset", "import", str(list_))["added"] == 4
    run("device", "add", "bin 1", "--profile", "bin")
    assert as_json(run, "asset", "assign", "bin-1", "bin 1")["stays"][0]["until"] is None
    code, out, _ = run("asset", "list", "--kind", "lamp")
    assert code == 0
    assert "LAMP-1" in out
    assert "BIN-1" not in out
    code, _, err = run("asset", "assign", "bin-1")
    assert code == 1
    assert "or give --none" in err
    out = tmp_path / "out.geojson"
    as_json(run, "asset", "export", "--geojson", "--output", str(out))
    assert len(json.loads(out.read_text())["features"]) == 4


def test_what_is_written_of_an_asset_can_be_read():
    one = Asset(id="A", kind="bay", lat=-0.5, lon=-0.25, stays=(Stay(EUI, 1),))
    (found,), _ = asset_list.read(asset_list.write([one]).encode())
    assert (found.asset.lat, found.asset.lon, found.dev_eui) == (-0.5, -0.25, EUI)
