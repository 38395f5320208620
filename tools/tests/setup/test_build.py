import ast
import json
import re
import runpy

import pytest
from wire import VERSION, codec, schema
from wire.all_profiles import PROFILES

from tools import build, modem_package
from tools.size import Size, budget, complaints, table

BOARD = "pico_lora_sx1262"


def test_a_board_gets_bytecode_its_own_constants_and_two_starters():
    files = build.staged_files(BOARD)

    assert {path for path in files if not path.startswith("/lib/")} == {
        "/board.py", "/boot.py", "/main.py",
    }  # fmt: skip
    modules = [data for path, data in files.items() if path.endswith(".mpy")]
    assert modules
    assert {data[:2] for data in modules} == {b"M\x06"}  # every .mpy of version 6 begins so


def test_a_board_gets_the_texts_of_its_console():
    text = build.staged_files(BOARD)["/lib/node/texts/en.txt"].decode()

    assert "?help|help [NAME]|" in text


def test_what_only_the_gateway_needs_stays_off_the_board():
    paths = set(build.staged_files(BOARD))

    assert "/lib/wire/table.mpy" in paths
    assert not {"/lib/wire/schema.mpy", "/lib/wire/decoding.mpy"} & paths
    assert "/lib/wire/meaning.mpy" not in paths
    assert not [path for path in paths if "tests" in path or "/test_" in path]


def test_a_board_gets_its_own_port_and_no_other():
    ports = {path for path in build.staged_files(BOARD) if path.startswith("/lib/node/ports/")}

    assert ports == {"/lib/node/ports/__init__.mpy", "/lib/node/ports/rp2.mpy"}
    assert "node/ports/esp32" in build.modules()


def test_the_same_source_is_compiled_once(tmp_path):
    source = tmp_path / "once.py"
    source.write_text("x = 1\n")

    assert build.compiled("node/once", source, "armv6m") == build.compiled(
        "node/once", source, "armv6m"
    )


def test_a_changed_source_is_compiled_anew(tmp_path):
    source = tmp_path / "twice.py"
    source.write_text("x = 1\n")
    before = build.compiled("node/twice", source, "armv6m")
    source.write_text("x = 'other'\n")

    assert build.compiled("node/twice", source, "armv6m") != before


def test_what_does_not_compile_is_told_with_its_line(tmp_path):
    source = build.ROOT / ".cache" / "wrong.py"
    source.write_text("x = 1\ndef broken(:\n")

    with pytest.raises(build.BuildError, match=r"wrong\.py does not compile(?s:.*)line 2"):
        build.compiled("node/wrong", source, "armv6m")
    source.unlink()


@pytest.mark.parametrize("name", ["nope", "../pyproject", ""])
def test_an_unknown_board_is_answered_with_those_that_exist(name):
    with pytest.raises(build.BuildError, match=rf"There is no board.*{BOARD}"):
        build.staged_files(name)


def test_both_lists_name_every_module_and_start_main_last():
    package = json.loads(build.package_json())
    tree = ast.parse(build.manifest())
    files = next(item.value for item in tree.body if isinstance(item, ast.Assign))
    frozen = [
        f"{top}/{file}"[:-3] for top, names in ast.literal_eval(files).items() for file in names
    ]
    frozen += re.findall(r'^module\("(\w+)\.py"\)$', build.manifest(), re.MULTILINE)

    assert sorted(frozen) == sorted([*build.modules(), *build.SOURCES])
    assert [path for path, _ in package["urls"]] == [
        "main.py",  # the stand-in
        *(f"lib/{module}.mpy" for module in build.modules()),
        *(f"lib/{file}" for file in (*build.texts(), *build.sources())), "boot.py", "main.py",
    ]  # fmt: skip


def test_a_modem_has_the_same_files_the_librarys_package_and_a_budget():
    package = json.loads(build.lists()[build.MODEM_PACKAGE])
    assert package["deps"] == [["lora-sync", "latest"]]
    assert package["urls"] == json.loads(build.package_json())["urls"]
    files = {f"/lib/{module}.mpy": bytes(2100) for module in modem_package.MODULES}
    assert modem_package.complaint(files) == ""
    files["/lib/radios/modem.mpy"] += b"x"
    assert modem_package.complaint(files) == (
        "package-modem.json: 4201 bytes of .mpy, 1 over its budget."
    )


def test_every_file_that_the_package_names_is_built_for_it():
    package = json.loads(build.package_json())

    named = {f"/{path}" for path, _ in package["urls"]}

    assert named == set(build.package_files(BOARD))


def test_the_manifest_runs_as_a_manifest(tmp_path):
    calls = []
    path = tmp_path / "manifest.py"
    path.write_text(build.manifest())

    runpy.run_path(
        str(path),
        {
            "include": calls.append,
            "package": lambda name, files: calls.append((name, len(files))),
            "module": lambda name: calls.append((name, 1)),
        },
    )

    assert calls[0] == "$(PORT_DIR)/boards/manifest.py"
    assert sum(count for _, count in calls[1:]) == len(build.modules()) + len(build.SOURCES)


def test_a_list_that_is_not_current_is_told(tmp_path):
    path = tmp_path / "package.json"

    assert "run it and commit it" in build.stale(path, "new")
    path.write_text("new")
    assert build.stale(path, "new") == ""


def test_a_board_over_its_budget_is_told_by_how_much():
    budget = {"mpy_bytes": 64_000, "console_bytes": 8_000}

    assert complaints(Size("pico", "bin", 64_000, 8_000, 80_000), budget) == []
    assert complaints(Size("pico", "bin", 64_001, 8_002, 80_000), budget) == [
        f"pico as bin: {what} of its port in BUDGET of tools/size.py."
        for what in (
            "64001 bytes of .mpy without the console, 1 over mpy_bytes",
            "8002 bytes of .mpy of the console at once, 2 over console_bytes",
        )
    ]
    assert complaints(Size("pico", "bin", 64_001, 8_002, 80_000), {}) == []


def test_the_budget_is_that_of_the_port_or_of_a_radio_with_a_larger_driver():
    found = {path.stem: budget(build.board(path.stem)) for path in build.BOARDS.glob("*.py")}

    assert found["pico_lora_sx1262"] == {"mpy_bytes": 65536, "console_bytes": 8000}
    assert found["waveshare_rp2040_lora"] == {"mpy_bytes": 66000, "console_bytes": 8000}
    assert found["t3_v16"] == {"mpy_bytes": 70000, "console_bytes": 8000}
    assert found["t_beam"] == {"mpy_bytes": 71200, "console_bytes": 8000}


def test_a_check_asks_for_the_sizes_of_a_board_once(monkeypatch, capsys):
    asked = []
    of_board = build.size.of_board
    monkeypatch.setattr(
        build.size, "of_board", lambda name, *rest: asked.append(name) or of_board(name, *rest)
    )

    assert build.main(["--check"]) == 0, capsys.readouterr().out
    assert sorted(asked) == sorted(path.stem for path in build.BOARDS.glob("*.py"))


def test_an_install_for_a_profile_holds_what_that_one_loads_and_no_more():
    whole, one = set(build.staged_files(BOARD)), set(build.staged_files(BOARD, "bin"))

    assert one < whole
    assert {"/lib/node/profiles/bin.mpy", "/lib/node/sensors/a02yyuw.mpy", "/board.py"} <= one
    assert {path for path in one if path.startswith("/lib/node/sensors/")} == {
        "/lib/node/sensors/__init__.mpy", "/lib/node/sensors/a02yyuw.mpy",
    }  # fmt: skip
    left_out = {"node/lamp", "node/profiles/lamp", "lorawan/plan/fixed", "radios/sx1261"}
    assert not {f"/lib/{module}.mpy" for module in left_out} & one
    assert {"/lib/lorawan/region/in865.mpy", "/lib/lorawan/region/eu868.mpy"} <= one


def test_a_lamp_gets_no_code_for_deep_sleep():
    assert "/lib/node/deep.mpy" in build.staged_files("t_beam", "bin")
    assert "/lib/node/deep.mpy" not in build.staged_files("t_beam", "lamp")


def test_an_install_for_a_profile_is_a_list_beside_what_it_names(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "DIST", tmp_path / "firmware")
    monkeypatch.setattr(build, "PROFILE_PACKAGE", tmp_path / "package.json")

    build.write(BOARD, "counter")

    urls = json.loads((tmp_path / "package.json").read_text())["urls"]
    assert all((tmp_path / url).exists() for _, url in urls)
    named = {f"/{path}" for path, _ in urls}
    assert named == set(build.staged_files(BOARD, "counter")) - {"/board.py"}
    build.write(BOARD)
    assert not (tmp_path / "package.json").exists()


def test_a_profile_that_is_none_and_one_without_its_sensor_are_refused():
    with pytest.raises(build.BuildError, match=r"There is no profile 'tree'; known are: bin, "):
        build.staged_files(BOARD, "tree")
    with pytest.raises(build.BuildError, match=r"needs a light sensor: add it to SENSORS of "):
        build.installed(BOARD, "lamp", build.board(BOARD) | {"SENSORS": {}})


def test_every_board_and_profile_has_its_line_in_the_table():
    loaded = build.all_sizes()
    lines = table(loaded, {one.board: build.board(one.board) for one in loaded}).splitlines()

    assert len(lines) == 1 + len(list(build.BOARDS.glob("*.py"))) * len(PROFILES)
    assert lines[0].split()[-1] == "together"
    for one, line in zip(loaded, lines[1:], strict=True):
        over = bool(complaints(one, budget(build.board(one.board))))
        assert line.endswith("over") == over, line


def test_the_version_of_an_install_is_that_of_the_wire():
    assert json.loads(build.package_json())["version"] == VERSION


def test_a_reading_that_the_journal_was_not_made_for_is_refused():
    longer = schema.PAYLOADS | {"parking": (13, "seq 16 0 65535,age 16 0 65535,raw 88 0 9")}
    record = build.RECORD.read_text()

    assert build.misfit(schema.PAYLOADS, record) == ""
    said = build.misfit(longer, record)
    assert said.startswith("The longest reading of wire/readings is parking with 15 bytes: ")
    assert "READING_SIZE = const(15)" in said
    made = re.sub(r"^READING_SIZE = .*", "READING_SIZE = const(15)", record, flags=re.MULTILINE)
    assert build.misfit(longer, made) == ""
    assert build.misfit(schema.PAYLOADS, "") != ""


def test_a_report_may_be_longer_than_any_reading():
    name, size = build.longest_reading(schema.PAYLOADS)

    status = codec.size(codec.fields(schema.PAYLOADS["status"][1]))
    assert (name in schema.PAYLOADS, size) == (True, 14)
    assert status > size


def test_of_the_commands_of_the_console_the_largest_counts():
    found = next(one for one in build.sizes("pico_lora_sx1262") if one.profile == "bin")
    files = build.staged_files("pico_lora_sx1262")
    commands = [
        len(data) for path, data in files.items()
        if path.startswith("/lib/node/shell/") and "__init__" not in path
    ]  # fmt: skip

    assert found.install - found.node - found.console < sum(commands)
    assert found.install - found.node - found.console > sum(commands) - 2 * max(commands)
