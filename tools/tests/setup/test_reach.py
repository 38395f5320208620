from wire.all_profiles import PROFILES

from tools import build
from tools.reach import imports, loadable, regions

BOARD = build.board("pico_lora_sx1262")


def reached(profile, region="eu868", **changed):
    return loadable(build.modules(), BOARD | changed, profile, region)


def test_a_profile_loads_its_own_code_and_no_other_profiles():
    lamp, counter = reached("lamp"), reached("counter")

    assert {"node/profiles/lamp", "node/lamp", "node/lamp_commands", "wire/programme"} <= lamp
    assert not {"node/profiles/lamp", "node/lamp", "node/lamp_commands"} & counter
    assert "node/profiles/counter" in counter


def test_a_profile_loads_its_own_reading_and_no_other():
    parking = reached("parking")

    assert [name for name in sorted(parking) if name.startswith("wire/readings/")] == [
        "wire/readings/__init__", "wire/readings/parking",
    ]  # fmt: skip
    assert not {"node/stuck", "node/presence", "wire/schema", "wire/decoding"} & parking
    assert "node/stuck" in reached("bin")
    assert "node/presence" in reached("counter")


def test_what_serves_a_pin_is_loaded_where_the_board_has_it():
    without = {name: gpio for name, gpio in BOARD["PINS"].items() if name != "wake"}

    assert "node/touch" in reached("bin")
    assert "node/touch" not in reached("bin", PINS=without)


def test_a_profile_loads_the_drivers_that_the_board_has_for_its_roles():
    other = {"distance": {"chip": "am312", "pin": 3}}

    assert "node/sensors/a02yyuw" in reached("bin")
    assert "node/sensors/a02yyuw" not in reached("bin", SENSORS=other)
    assert "node/sensors/am312" in reached("bin", SENSORS=other)


def test_an_optional_sensor_counts_where_the_board_has_it():
    fitted = BOARD["SENSORS"] | {"temperature": {"chip": "ds18b20", "pin": 22}}

    assert "node/sensors/ds18b20" not in reached("bin")
    assert {"node/sensors/ds18b20", "node/sound"} <= reached("bin", SENSORS=fitted)
    assert "node/sound" not in reached("bin")
    assert "node/sensors/ds18b20" not in reached("lamp", SENSORS=fitted)


def test_a_board_loads_the_code_of_its_own_port():
    assert "node/ports/rp2" in reached("bin")
    assert "node/ports/esp32" not in reached("bin")
    assert "node/ports/esp32" in reached("bin", PORT="esp32")


def test_a_board_loads_one_region_and_the_channel_plan_that_it_names(tmp_path):
    here = tmp_path / "zz1.py"
    here.write_text('PLAN = "fixed"')
    modules = build.modules() | {"lorawan/region/zz1": here}
    dynamic = {"lorawan/plan/dynamic", "lorawan/plan/dynamic_setup", "lorawan/region/eu868"}
    fixed = {"lorawan/plan/fixed", "lorawan/plan/fixed_setup", "lorawan/region/zz1"}

    assert {"eu868", "zz1"} <= set(regions(modules))
    assert dynamic <= reached("bin")
    assert not fixed & reached("bin")
    other = loadable(modules, BOARD, "bin", "zz1")
    assert fixed <= other
    assert not dynamic & other


def test_every_command_of_the_console_counts():
    assert {"node/shell/__init__", "node/shell/save", "node/bin_commands"} <= reached("bin")
    assert "node/bin_commands" not in reached("lamp")


def test_what_a_module_imports_late_counts_too():
    assert {"node/settings", "radios/sx126x_start", "wire/table"} <= reached("bin")
    assert imports("def f():\n    from node import shell\n    import a.b") == {
        "node", "node/shell", "a/b",
    }  # fmt: skip


def test_the_size_that_counts_is_what_a_profile_loads_in_its_largest_region():
    files = build.staged_files("pico_lora_sx1262")

    size = build.sizes("pico_lora_sx1262")[0]

    assert size.profile == "bin"
    assert size.install == sum(len(files[f"/lib/{name}.mpy"]) for name in reached("bin"))
    assert 0 < size.console < size.install - size.node
    assert size.node < sum(len(data) for path, data in files.items() if path.endswith(".mpy"))


CELLULAR = {"LINK": "cellular", "CELLULAR": {"chip": "sim7080g"}}


def test_every_module_of_an_install_is_loaded_by_some_node_or_driver():
    known = build.modules()
    found: set[str] = set()
    sensors = BOARD["SENSORS"] | {
        "temperature": {"chip": "ds18b20", "pin": 22},
        "tilt": {"chip": "lis3dh", "i2c": 0, "sda": 4, "scl": 5},
        "meter": {"chip": "bl0942", "uart": 1, "tx": 8, "rx": 9},
    }
    for profile in PROFILES:
        for region in regions(known):
            for port in ("rp2", "esp32"):
                pins = BOARD["PINS"] | {"divider": 22}
                board = BOARD | {"PORT": port, "SENSORS": sensors, "PINS": pins}
                found |= loadable(known, board, profile, region)
    found |= loadable(known, BOARD | CELLULAR, "bin", "eu868")
    drivers = {name for name in known if name.startswith(("node/sensors/", "radios/"))}
    shared = {name for driver in drivers for name in imports(known[driver].read_text())}
    plans = {name for name in known if name.startswith("lorawan/plan/")}  # of regions to come

    assert set(known) - found - drivers - shared - plans == set()
