"""A lamp's programme from the operator's file to the lamp's report, and what a night costs."""

import datetime as dt

import pytest
from wire import programme

from gateway.bulk_trial import Request, running
from gateway.errors import Refused, Unknown
from gateway.lighting import decree, encoded, kept, source
from gateway.lighting.encoded import zone_of
from gateway.lighting.preview import Place, level_at, night, preview
from gateway.plans import Selection
from gateway.tests.unit.bulk_bench import LAMPS, OAK, begun

MULHOUSE = Place(47.75, 7.34)
HEAD = 'name = "old-town"\nzone = "Europe/Paris"\n'
NIGHT = (
    HEAD
    + """
[active_period]
sun = true

[control_programmes.default]
"23:00" = 30
"05:00" = 100
"12:00" = 100

[control_programmes.feast]
"12:00" = 80

[[calendar]]
programme = "feast"
from = "12-24"
to = "01-02"
days = ["fri", "sat"]
"""
)


def made(text=NIGHT, version=258):
    return encoded.encode(source.read(text), version)


def at(data, *when, place=MULHOUSE):
    return level_at(data, int(dt.datetime(*when, tzinfo=dt.UTC).timestamp()), place)


def test_the_bytes_are_what_the_node_reads():
    data = made()
    assert programme.whole(data)
    assert data[:4] == bytes([1, 2, 4, 1])
    expected = (
        ((2026, 6, 1, 12), 0), ((2026, 6, 1, 20, 30), 100), ((2026, 6, 1, 21), 30),
        ((2026, 6, 2, 3, 10), 100), ((2026, 12, 25, 22), 80), ((2027, 1, 1, 22), 80),
        ((2026, 12, 27, 22, 30), 30), ((2026, 12, 20, 22, 30), 30),
    )  # fmt: skip
    assert [(when, at(data, *when)) for when, _ in expected] == list(expected)


def test_the_parts_put_together_are_the_programme():
    data = made()
    parts = encoded.parts(data, 258)
    whole = b"".join(one[key].to_bytes(6, "big") for one in parts for key in ("data1", "data2"))
    assert whole[: parts[0]["size"]] == data
    assert [one["at"] for one in parts] == list(range(len(parts)))
    assert {one["version"] for one in parts} == {258}


def test_json_says_the_same_as_toml():
    text = '{"name": "n", "zone": "UTC", "control_programmes": {"default": {"22:00": 30}}}'
    toml = 'name = "n"\nzone = "UTC"\n[control_programmes]\ndefault = { "22:00" = 30 }'
    assert source.read(text) == source.read(toml)


def test_zones_have_the_rule_that_the_node_knows_or_are_refused():
    known = {"UTC": (0, 0), "America/Los_Angeles": (-32, 2), "Pacific/Auckland": (48, 4)}
    for zone, row in known.items():
        assert zone_of(zone) == row
    for zone in ("Africa/Cairo", "Nowhere/Land"):
        with pytest.raises(Refused, match=r"zone|clocks"):
            zone_of(zone)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "control_programmes"),
        (HEAD + "[control_programmes]\nfeast = { '12:00' = 1 }", "no `default`"),
        (HEAD + "[control_programmes]\ndefault = {}", "no step"),
        (HEAD + "[control_programmes]\ndefault = { '24:00' = 1 }", "key"),
        (HEAD + "[control_programmes]\ndefault = { '12:00' = 101 }", "101|<= 100"),
        (NIGHT.replace('e = "feast"', 'e = "fair"'), "'fair'"),
        (NIGHT.replace("sun = true", "sun = true\nrule = 'all'"), "needs both"),
        (NIGHT + "moon = 1", "moon"),
        ("name = ", "neither TOML nor JSON"),
        (
            HEAD + "[control_programmes.default]\n"
            + "\n".join(f"'{h:02}:{m:02}' = 1" for h in range(24) for m in (0, 15, 30, 45)),
            "255",
        ),
    ],
)  # fmt: skip
def test_what_a_lamp_could_not_follow_is_refused_with_its_field(text, said):
    with pytest.raises(Refused, match=said):
        made(text)


def shown(text=NIGHT, on=(2026, 6, 21), baseline=None, place=MULHOUSE):
    return preview(source.read(text), made(text, 0), baseline, dt.date(*on), place)


def test_a_night_is_shown_from_noon_to_noon_with_the_sun_and_the_change_of_the_clocks():
    whole = shown()
    assert whole.sunset
    assert whole.sunrise
    assert (whole.hours, whole.sunset[11:16], whole.sunrise[11:16]) == (
        24,
        "19:33",
        "03:33",
    )  # reference: 19:32, 03:31
    assert [(one.clock[:5], one.level) for one in whole.steps] == [
        ("12:00", 0), ("21:33", 100), ("23:00", 30), ("05:00", 100), ("05:33", 0),
    ]  # fmt: skip
    autumn, _ = night(source.read(NIGHT), made(), dt.date(2026, 10, 24), MULHOUSE)
    assert [one.clock for one in autumn][2:4] == ["23:00 +0200", "05:00 +0100"]
    polar, by_sun = night(source.read(NIGHT), made(), dt.date(2026, 6, 21), Place(69.6, 18.9))
    assert (by_sun["sunset"], [one.level for one in polar]) == (None, [0])


def test_energy_is_that_of_the_hours_against_a_named_baseline():
    whole = shown(place=Place(47.75, 7.34, rated_w=70, standby_w=1))
    lit_h = 87 / 60 + 33 / 60
    modelled = (lit_h * 70 + 6 * (1 + 69 * 0.3) + (24 - lit_h - 6) * 1) / 1000
    assert whole.kwh == pytest.approx(modelled, abs=0.001)
    assert whole.baseline == "rated power from sunset to sunrise"
    hours = (whole.year_baseline_kwh * 1000 - 8760) / 69
    assert hours == pytest.approx(4290, abs=15)  # reference: sunset to sunrise at Mulhouse
    assert whole.saved == pytest.approx(1 - whole.year_kwh / whole.year_baseline_kwh, abs=1e-4)
    same = shown(on=(2026, 1, 1), baseline=made())
    assert (same.saved, same.baseline) == (0, "the version of this programme before")


def test_the_french_decree_is_checked_by_what_is_lit():
    def findings(use, closes="", steps='"12:00" = 100\n"23:00" = 0', sun="sun = true"):
        closing = f'closes = "{closes}"\n' if closes else ""
        text = f"{HEAD}use = '{use}'\n{closing}[active_period]\n{sun}\n"
        text += f"[control_programmes.default]\n{steps}\n"
        lit, by_sun = night(source.read(text), made(text), dt.date(2026, 10, 1), MULHOUSE)
        return decree.findings(source.read(text), lit, by_sun["sunset"])

    late = '"12:00" = 100\n"02:00" = 0'
    assert findings("street", steps=late) == []
    assert findings("park") == findings("heritage") == findings("facade") == []
    assert "after 01:00" in findings("park", steps=late)[0]
    assert findings("park", "01:30", steps=late) == []
    assert "after 23:00" in findings("park", "22:00", steps=late)[0]
    assert "closes" in findings("activity_parking")[0]
    morning = '"12:00" = 100\n"22:00" = 0\n"07:00" = 50'
    assert findings("activity_parking", "20:00", steps=morning) == []
    assert findings("activity_parking", "19:00", steps=morning) != []
    assert findings("park", steps=morning) != []
    assert "before sunset" in findings("park", sun="sun = true\nsunset_offset_min = -10")[0]


def pushed(version, least=30):
    return Request(
        who="anna", name="programme", parts=encoded.parts(made(version=version), version),
        selection=Selection(tags=(OAK,)), least=least,
    )  # fmt: skip


async def statuses(bench):
    return await bench.store.read(
        lambda view: {one.dev_eui: (kept.lamp(view, one)) for one in LAMPS}
    )


async def test_a_lamp_has_a_version_once_it_reports_it_and_one_that_misses_a_part_is_told():
    async with begun(airtime=1) as bench:
        bulk = await bench.begin(pushed(7))
        assert bulk.count == 5 * len(bulk.parts)
        await bench.until_asked(bulk)
        assert (await statuses(bench))[LAMPS[0].dev_eui].state == "queued"
        first, second = (LAMPS[at].dev_eui for at in (0, 1))
        for one in await bench.all_commands():
            last = one.values["at"] == len(bulk.parts) - 1
            if one.dev_eui == first:
                own = {"dev_eui": first, "version": 7 if last else None, "count": int(not last)}
                await bench.report(one.token, **own)
            elif one.dev_eui == second:
                await bench.report(one.token, dev_eui=second, count=1, version=3)

        found = await statuses(bench)
        assert (found[first].version, found[first].state) == (7, "in force")
        assert (found[second].version, found[second].state) == (3, "incomplete")
        assert (await bench.results(bulk))[first] == "applied"


async def test_a_push_keeps_the_limits_and_waits_for_the_one_before():
    async with begun(airtime=1, floor={"P4": 40}) as bench:
        with pytest.raises(Refused, match="floor"):
            await bench.begin(pushed(7))
        bulk = await bench.begin(pushed(7, least=40))
        going = await bench.store.read(running)
        with pytest.raises(Refused, match=bulk.id):
            kept.check_free({LAMPS[0].dev_eui}, going)
        await bench.until_asked(bulk)
        assert (await bench.bulk(bulk)).faults == {}


async def test_versions_count_up_and_the_same_text_is_the_same_version():
    async with begun() as bench:

        async def edit(text):
            return await bench.store.write(lambda tx: kept.edit(tx, text, "anna", bench.now_ms))

        assert [(await edit(text)).version for text in (NIGHT, NIGHT, NIGHT + "\n")] == [1, 1, 2]
        other = await edit(NIGHT.replace("old-town", "park"))
        assert other.version == 3
        newest = await bench.store.read(lambda view: kept.find(view, "old-town"))
        assert newest.version == 2
        older = await bench.store.read(lambda view: kept.before(view, newest))
        assert older
        assert older.version == 1
        with pytest.raises(Unknown, match="fair"):
            await bench.store.read(lambda view: kept.find(view, "fair"))
        with pytest.raises(Refused, match="clocks"):
            await edit(NIGHT.replace("Europe/Paris", "Africa/Cairo"))
