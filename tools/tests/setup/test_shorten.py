"""Names of the device's code become shorter ones, and the code does what it did."""

import ast
import io
import re
import subprocess

import pytest

from tools import build
from tools.setup.paths import FIRMWARE_BIN, MICROPYTHON_UNIX
from tools.shorten import Plan, api, names
from tools.shorten.built_in import NAMED, NUMBERED

BOARD = "pico_lora_sx1262"
LEDGER = """
from node import base

class Ledger(base.Entries):
    _most: "int" = 2

    def __init__(self, clock, log=print):
        super().__init__()
        self._clock = clock
        self._log = log

    def add(self, entry, at=None):
        def kept(found):
            return [one for one in found if one is not entry]
        self._rows = kept(self._rows) + [entry]
        self._log(len(self._rows), self._most, at, entry)

    def _do_close(self, entry):
        self._log("close", entry)

    def act(self, name, entry):
        return getattr(self, "_do_" + name)(entry)
"""
BASE = """
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST = 3

class Entries:
    def __init__(self):
        self._rows = [_MOST]
        self._number = 7

    def oldest(self):
        return self._rows[0], self._number
"""
MAIN = """
from node.ledger import Ledger
ledger = Ledger(0)
ledger.add("a", at=5)
ledger.act("close", 1)
print(ledger.oldest())
"""
SOURCES = {"node": "", "node.base": BASE, "node.ledger": LEDGER, "trial": MAIN}


def run(folder, texts):
    for name, text in texts.items():
        file = folder / {"node": "node/__init__.py"}.get(name, f"{name.replace('.', '/')}.py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return subprocess.run(
        [str(MICROPYTHON_UNIX), "trial.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip


def identifiers(text):
    return names.File(ast.parse(text)).mentioned


@pytest.fixture
def plan():
    return Plan(SOURCES, {"print", "close"})


def test_what_a_program_does_stays(plan, tmp_path):
    short = {name: plan.short(text) for name, text in SOURCES.items()}

    before, after = run(tmp_path / "before", SOURCES), run(tmp_path / "after", short)

    assert before.stdout == "2 2 5 a\nclose 1\n(3, 7)\n"
    assert (after.stdout, after.stderr) == (before.stdout, "")


def test_private_names_and_arguments_become_names_that_micropython_has(plan):
    found = identifiers(plan.short(BASE))

    assert not {name for name in found if names.is_private(name)}
    assert found & {*NUMBERED, *NAMED}


def test_what_a_call_or_a_text_mentions_keeps_its_name(plan):
    found = identifiers(plan.short(LEDGER))

    assert {"at", "_do_close"} <= found
    assert not {"entry", "_clock", "oldest"} & found


def test_an_attribute_may_be_called_as_a_module_but_an_imported_module_keeps_its_name():
    user = "from node import log\n\ndef act(node):\n    node.clock = log.clock(node)\n"
    own = "class Clock:\n    def __init__(self):\n        self.clock = 'log'\n"
    plan = Plan({"node.log": own, "node.clock": user}, ())

    assert "log" in identifiers(plan.short(user))
    assert "clock" not in identifiers(plan.short(user)) | identifiers(plan.short(own))


def test_what_the_type_checker_alone_reads_is_left_out(plan):
    assert not {"TYPE_CHECKING", "typing", "Any"} & identifiers(plan.short(BASE))
    assert "int" not in re.findall(r"\w+", plan.short(LEDGER))


NUMBERS = """
from micropython import const
from node import marks
from node.marks import ACKED, TEXT, WAITING

_MOST = const(1 << 3)

class Journal:
    def act(self):
        return _MOST, ACKED, marks.SENT, -WAITING, TEXT, marks.limit
"""
MARKS = """
from micropython import const

SENT, ACKED = range(2)
WAITING = -const(5)
KEPT = 4
TEXT = "x"
limit = 1
limit = 2
"""


def test_numbers_stand_where_their_names_were_and_const_is_not_imported():
    plan = Plan({"node.journal": NUMBERS, "node.marks": MARKS}, {"KEPT"})

    assert "return (8, 1, 0, --5, " in plan.short(NUMBERS)
    assert "const" not in plan.short(NUMBERS) + plan.short(MARKS)
    assert not {"_MOST", "ACKED", "SENT", "WAITING"} & identifiers(plan.short(NUMBERS))
    assert "range" not in plan.short(MARKS)
    assert "KEPT = 4" in plan.short(MARKS)
    assert plan.short(MARKS).count("= 1") == plan.short(MARKS).count("= 2") == 1


LOCKED = """
import asyncio

class Node:
    def __init__(self):
        self.lock = asyncio.Lock()

    async def act(self):
        async with self.lock:
            return self.lock.locked()

async def trial(node):
    print(await node.act(), node.lock.locked())

asyncio.run(trial(Node()))
"""


def test_a_lock_is_held_in_its_block_and_released_after_it(tmp_path):
    plan = Plan({"trial": LOCKED}, {"lock", "locked", "acquire", "release", "run", "print"})

    assert "async with" not in plan.short(LOCKED)
    assert run(tmp_path, {"trial": plan.short(LOCKED)}).stdout == "True False\n"


def test_a_context_that_is_no_lock_does_not_compile():
    for text in ("async with self.file:", "async with open():", "async with self.lock as x:"):
        source = LOCKED.replace("async with self.lock:", text)
        with pytest.raises(SyntaxError, match=r"line 9: "):
            Plan({"trial": source}, ())


def test_names_of_several_files_are_first_those_that_cost_nothing():
    base = "class Base:\n    def __init__(self):\n        self.often = 1\n"
    user = "def act(base):\n    return base.often\n"
    plan = Plan({"a": base, "b": user}, ())

    assert identifiers(plan.short(user)) & {*NUMBERED}


def test_an_object_has_no_two_attributes_of_one_name(plan):
    """Those of a class in one file and of its base in another are of the same object."""
    base, heir = identifiers(plan.short(BASE)), identifiers(plan.short(LEDGER))
    attributes = {"_rows", "_number", "_most", "_clock", "_log"}
    renamed = dict(plan.renamed("node.base")), dict(plan.renamed("node.ledger"))
    found = {name: new for each in renamed for name, new in each.items() if name in attributes}

    assert set(found) == attributes
    assert len(set(found.values())) == len(attributes)
    assert renamed[0]["_rows"] == renamed[1]["_rows"]
    assert not attributes & (base | heir)


RED = "class Red:\n    def __init__(self):\n        self.redness = 1\n"
BLUE = RED.replace("Red", "Blue").replace("redness", "blueness")
READS = "def act(one):\n    return one.%s\n"
APART = {"red": RED, "blue": BLUE, "reds": READS % "redness", "blues": READS % "blueness"}


def renamed(sources):
    """(what redness is called, what blueness is)."""
    plan = Plan(sources, ())
    return plan.renamed("red")["redness"], plan.renamed("blue")["blueness"]


def test_files_that_never_meet_give_one_name_to_two_things():
    red, blue = renamed(APART)

    assert red == blue
    assert red in NUMBERED


@pytest.mark.parametrize(
    "more",
    [
        {"both": "def act(one, other):\n    return one.redness, other.blueness\n"},
        {"heir": "from red import Red\nclass Heir(Red):\n    blueness = 1\n"},
        {
            "heir": "from red import Red\nclass Heir(Red):\n    pass\n",
            "heirs": "import heir\nfrom heir import Heir\nclass Other(Heir):\n    blueness = 2\n",
        },
        {"set": "def act(one):\n    one.blueness = 3\n"},
        {"built": "class Wrong(OSError):\n    redness = blueness = 4\n"},
    ],
    ids=["in one file", "inherited", "inherited twice", "set from outside", "of one class"],
)
def test_an_object_that_may_have_both_has_two_names(more):
    red, blue = renamed(APART | more)

    assert red != blue


def test_a_name_is_none_that_a_class_has_from_python():
    count = len(NUMBERED)
    sets = "".join(f"        self.a{number} = 1\n" for number in range(count))
    wrong = f"class Wrong(OSError):\n    def __init__(self):\n{sets}"
    reads = "def read(one):\n    return " + ", ".join(f"one.a{n}" for n in range(0, count, 2))
    plan = Plan({"wrong": wrong, "reads": reads}, ())
    given = {plan.renamed("wrong")[f"a{number}"] for number in range(count)}

    assert {"args", "value"} <= {*NUMBERED}
    assert not {"args", "value"} & given


def test_a_text_that_names_an_attribute_keeps_it_and_other_texts_of_its_file_need_not():
    text = "def act(one):\n    return getattr(one, 'redness', 0) or 'blueness'\n"
    plan = Plan(APART | {"asks": text}, ())
    anyone = Plan(APART | {"asks": text.replace("one, 'redness'", "one, act.x")}, ())

    assert "redness" not in plan.renamed("red")
    assert "blueness" in plan.renamed("blue")
    assert "blueness" not in anyone.renamed("blue")


def test_a_named_tuple_keeps_the_names_of_its_fields():
    text = (
        "from collections import namedtuple\nPair = namedtuple('Pair', ('redness', 'other'))\n"
        "class Own:\n    def __init__(self):\n        self.redness = 1\n"
    )

    assert "redness" in identifiers(Plan({"own": text}, ()).short(text))


@pytest.mark.parametrize("text", ["import asyncio\n", "from asyncio import Lock\n"])
def test_names_of_a_module_are_kept_where_a_source_or_what_stays_plain_imports_it(tmp_path, text):
    without = api.kept(tmp_path, ["import os\n"], ["own = 1\n"])

    assert "own" in without
    assert "create_task" not in without
    assert "create_task" in api.kept(tmp_path, [text], [])
    assert "create_task" in api.kept(tmp_path, [], [text])


def test_names_of_micropython_and_the_class_of_a_driver_keep_theirs():
    driver = "class AM312:\n    def irq(self, pin):\n        return pin.irq(self)\n"
    plan = Plan({"node.am312": driver}, {"irq"})

    assert {"AM312", "irq"} <= identifiers(plan.short(driver))


def test_a_traceback_of_a_board_gets_the_names_of_the_source(plan, tmp_path):
    texts = {name: plan.short(text) for name, text in SOURCES.items()}
    texts["node.base"] = texts["node.base"].replace("[0]", "[9]")
    said = run(tmp_path, texts).stderr
    dotted = said.replace(f"{tmp_path}/", "").replace(".py", "").replace("node/", "node.")

    assert 'File "node.base", line' in dotted
    assert "in oldest" not in dotted
    assert "in oldest\n" in plan.readable(dotted)
    assert plan.readable('  File "other", line 1, in sep\n') == '  File "other", line 1, in sep\n'


def test_the_command_line_reads_a_traceback(capsys, monkeypatch):
    short = build.plan().renamed("node.journal")["_make_room"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f'  File "node.journal", line 1, in {short}\n'))

    assert build.main(["--traceback"]) == 0
    assert capsys.readouterr().out == '  File "node.journal", line 1, in _make_room\n'


def test_names_that_cost_nothing_are_in_the_binary(tmp_path):
    source = tmp_path / "s.py"
    source.write_text("".join(f"def f(x):\n    return x.{name}\n" for name in NUMBERED))

    assert not [
        name for name in NUMBERED
        if re.search(rb"\W%s\W" % name.encode(), build.compiled("s", source, "armv6m"))
    ]  # fmt: skip
    binary = FIRMWARE_BIN.read_bytes()
    assert [name for name in NAMED if b"\0%s\0" % name.encode() not in binary] == []


COMPREHENSIONS = """
class A:
    def f(self, x):
        return [one for one in x], {one: 1 for one in x[:1]}, sum(one for one in x), lambda: x
found = A().f((1, 2))
print(found[:3], found[3](), found[3])
"""


def test_a_comprehension_has_a_name_that_costs_nothing(tmp_path):
    source = tmp_path / "trial.py"
    source.write_text(COMPREHENSIONS)
    made = build.compiled("trial", source, "armv6m")
    source.unlink()
    (tmp_path / "trial.mpy").write_bytes(made)

    done = subprocess.run(
        [str(MICROPYTHON_UNIX), "-c", "import trial"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert b"comp>" not in made + build.staged_files(BOARD)["/lib/node/app.mpy"]
    assert done.stdout.startswith("([1, 2], {1: 1}, 3) (1, 2) <closure <function callable")


def test_a_module_is_called_by_a_name_that_its_file_does_not_spell_and_no_other_has():
    plan, files = build.plan(), build.staged_files(BOARD)
    modules = {build.dotted(name): f"/lib/{name}.mpy" for name in build.modules()}
    called = {plan.called(module): module for module in modules}

    assert set(called.values()) == set(modules)
    assert sum(name in NUMBERED for name in called) >= len(NUMBERED)
    assert b"outbox" not in files[modules["node.outbox"]]
    for name, module in called.items():
        told = plan.readable(f'File "{name}", line 1, in x')
        assert told.startswith(f'File "{module}", line 1, in ')
