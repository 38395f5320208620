"""Codecs that nobody should run: each with what the gateway is to say of it.

`decodeUplink` of each is called once; none of them may give data.
"""

LIMIT = "processor|interrupted|answer within|out of memory"
LOOPING_MESSAGE = "Object.defineProperty(e, 'message', {get() {for (;;) {}}});"
MEMORY = "out of memory|interrupted|processor|too large|invalid array"


def body(text):
    return f"function decodeUplink(input) {{ {text} }}"


CODECS = {
    "loops": (body("for (;;) {}"), LIMIT),
    "loops when it is read": ("for (;;) {}", LIMIT),
    "sorts what is sparse": (body("const a = []; a[4294967290] = 1; a.sort();"), LIMIT),
    "reverses what is sparse": (body("const a = []; a[4294967290] = 1; a.reverse();"), LIMIT),
    "throws what loops when it is shown": (body("throw { toString() { for (;;) {} } };"), LIMIT),
    "throws an error whose message loops": (
        body(f"const e = new Error(); {LOOPING_MESSAGE} throw e;"),
        f"{LIMIT}|Error",
    ),
    "backtracks": (body("/^(a+)+$/.test('a'.repeat(40) + 'b'); for (;;) {}"), LIMIT),
    "allocates": (body("const a = []; for (;;) a.push(new Array(1e5).fill('x'));"), MEMORY),
    "doubles a text": (body("let s = 'x'; for (;;) s += s;"), f"{MEMORY}|string too long"),
    "repeats a text": (body("return {data: {a: 'x'.repeat(1 << 20)}};"), "too long"),
    "makes a great buffer": (body("return {data: {a: new ArrayBuffer(1e9).byteLength}};"), MEMORY),
    "prints for ever": (body("for (;;) console.log('x'.repeat(1000));"), LIMIT),
    "calls print": (body("print('x');"), "print"),
    "requires a module": (body("return require('fs');"), "require"),
    "imports a module": ("import * as os from 'os';", "SyntaxError"),
    "imports later": (body("import('os'); return import('std');"), "no `data`|SyntaxError"),
    "reads the process": (body("return {data: process.env};"), "process"),
    "loads a script": (body("std.loadFile('/etc/passwd');"), "std"),
    "fetches": (body("fetch('http://127.0.0.1');"), "fetch"),
    "calls itself": ("function decodeUplink(input) { return decodeUplink(input); }", "stack|call"),
    "nests its result": (
        body("let a = {}; for (let i = 0; i < 1e5; i++) a = {a}; return {data: a};"),
        "stack|overflow|memory|long|interrupted",
    ),
    "returns a circle": (body("const a = {}; a.a = a; return {data: a};"), "circular"),
    "returns a BigInt": (body("return {data: {a: 10n ** 40n}};"), "BigInt|bigint"),
    "returns NaN": (body("return {data: {a: NaN}};"), "NaN"),
    "returns what is infinite": (body("return {data: {a: 1 / 0}};"), "Infinity"),
    "returns a Proxy that throws": (
        body(
            "return new Proxy({}, {ownKeys() { throw new Error('ha'); },"
            " get() { throw new Error('ha'); }});"
        ),
        "ha",
    ),
    "returns a getter that throws": (
        body("return {get data() { throw new Error('ha'); }};"),
        "ha",
    ),
    "returns a toJSON that loops": (body("return {toJSON() { for (;;) {} }};"), LIMIT),
    "returns half a character": (body("return {data: {a: '\\ud800'}};"), "surrogate"),
    "returns nothing": (body(""), "nothing"),
    "returns a text": (body("return 'x';"), "no object"),
    "returns a list as data": (body("return {data: [1]};"), "no `data`"),
    "returns errors": (body("return {data: {a: 1}, errors: ['wrong FPort']};"), "wrong FPort"),
    "replaces JSON and Object": (
        'JSON.stringify = () => \'{"data": {"a": 1}}\'; Object.prototype.data = {a: 1};'
        + body("return 5;"),
        "no object",
    ),
    "pollutes the prototype": (
        body("Object.prototype.errors = ['polluted']; return {};"),
        "no `data`",
    ),
    "replaces the call": (
        'globalThis.lamplighter_call = () => \'{"data": {"a": 1}}\';' + body("return 5;"),
        "read-only|no object",
    ),
    "has no decodeUplink": ("function decode() {}", "decodeUplink"),
    "is no JavaScript": ("<html>", "SyntaxError"),
}
"""{what it does: (script, what is said of it, as a regular expression)}."""
