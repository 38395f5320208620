"""The rules about the source tree: each finds what it is for, spares what it must, and holds."""

import pytest

from tools.architecture import circles, lengths, squeezing
from tools.architecture.report import violations
from tools.architecture.sources import Source, sources
from tools.setup.paths import ROOT


def source(text="", path="tools/one.py"):
    return Source(path, text)


@pytest.mark.slow  # make check runs the rules themselves
def test_bench_and_hil_tests_keep_every_rule():
    assert [str(one) for one in violations() if one.concerns(("tools/", "hil_tests/"))] == []


@pytest.mark.slow
def test_no_file_of_the_tree_is_part_of_an_import_circle():
    assert circles.circles(sources(ROOT)) == []


def test_all_source_is_looked_at():
    paths = {one.path for one in sources(ROOT)}

    assert {
        "gateway/app.py", "firmware/node/app.py", "firmware/lorawan/mac.py", "hil_tests/nodes.py",
        "firmware/wire/codec.py", "tools/check.py", "tools/bench/sim/main.mjs",
        "boards/pico_lora_sx1262.py",
    } <= paths  # fmt: skip
    assert not [path for path in paths if "node_modules" in path]


@pytest.mark.parametrize(
    "texts",
    [
        {"tools/a.py": "import tools.b", "tools/b.py": "from tools.a import x"},
        {"tools/a.py": "from tools import b", "tools/b.py": "from . import a"},
        {"tools/a.py": "def f():\n    from tools.b import x", "tools/b.py": "import tools.a"},
        {"firmware/node/a.py": "from node.b import x", "firmware/node/b.py": "import node.a"},
        {
            "tools/a.py": "import typing\nif typing.TYPE_CHECKING:\n    import tools.b",
            "tools/b.py": "import tools.a",
        },
        {"s/a.mjs": "import { b } from './t/b.mjs';", "s/t/b.mjs": "import('../a.mjs');"},
    ],
)
def test_two_files_that_import_each_other_are_a_circle(texts):
    files = [source(text, path) for path, text in texts.items()]

    assert circles.circles(files) == [sorted(texts)]


def test_the_shortest_way_round_is_shown():
    texts = {"a": "b", "b": "c", "c": "d, tools.a", "d": "a", "e": "a"}
    files = [source(f"import tools.{to}", f"tools/{name}.py") for name, to in texts.items()]

    assert circles.circles(files) == [["tools/a.py", "tools/b.py", "tools/c.py"]]


def test_a_package_that_shows_its_modules_is_no_circle():
    files = [
        source("from tools.part.one import One", "tools/part/__init__.py"),
        source("import json", "tools/part/one.py"),
        source("from tools.part import One", "tools/user.py"),
    ]

    assert circles.circles(files) == []


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("firmware/node/sensors/bh1750.py", 150),
        ("boards/feather.py", 150),
        ("tools/bench/sim/parts/lamp.mjs", 150),
        ("gateway/networks/_shared.py", 400),
        ("gateway/app.py", 400),
        ("gateway/tests/unit/test_app.py", 400),
    ],
)
def test_a_leaf_has_150_lines_and_anything_else_400(path, most):
    assert list(lengths.file_too_long(source("x\n" * most, path))) == []
    [(line, text)] = lengths.file_too_long(source("x\n" * (most + 1), path))
    assert line == most + 1
    assert f"{most + 1} lines; at most {most}" in text


def test_a_function_has_40_lines_beside_its_docstring():
    doc = '    """One.\n\n    More.\n    """\n'
    fits = source("def f():\n" + doc + "    x = 1\n" * 39)
    long = source("class A:\n    def f(self):\n" + "        x = 1\n" * 40)

    assert list(lengths.functions_too_long(fits)) == []
    assert [text for _, text in lengths.functions_too_long(long)] == [
        "f has 41 lines; a function has at most 40"
    ]


@pytest.mark.parametrize("head", ["function f(a) {", "export async function f() {", "  #f(a) {"])
def test_functions_of_javascript_are_measured_too(head):
    indent = " " * (len(head) - len(head.lstrip()))
    text = f"{head}\n" + "x();\n" * 39 + f"{indent}}}\n"

    assert len(list(lengths.functions_too_long(source(text, "s/a.mjs")))) == 1
    assert not list(lengths.functions_too_long(source(text.replace("x();\n", "", 1), "s/a.mjs")))


@pytest.mark.parametrize(
    "text",
    [
        "self.a, self.b = a, b",
        "a, b, c = 1, 2, 3",
        "found, at = [], 0",
        "stored.message, stored.updated_us = message, now()",
        "a = 1; b = 2",
        "if a: b = 1; c = 2",
    ],
)
def test_lines_joined_only_to_save_lines_are_found(text):
    assert len(list(squeezing.squeezed(source(text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a, b = b, a + b",
        "self.a, b = b, self.a",
        "low, high = min(x), max(x)",
        "UP, DOWN = 0, 1",
        "a, b = pair",
        "a, b = divmod(x, y)",
        "a = 1\nb = 2",
    ],
)
def test_what_means_something_may_stay_on_one_line(text):
    assert list(squeezing.squeezed(source(text))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  a(); b();", 1),
        ("  case 1: a(); b(); break;", 1),
        ("  case 1: a(); break;", 0),
        ("  for (let i = 0; i < 3; i++) a();", 0),
        ("  a('x; y'); // b; c", 0),
        ("/* a; b\n c; d */ e();", 0),
        ("  const re = /a; b/;", 0),
    ],
)
def test_chained_statements_of_javascript_are_found(text, found):
    assert len(list(squeezing.squeezed(source(text, "s/a.mjs")))) == found
