// Lamplighter's payload codec in TS013 form, for network servers that run one (ChirpStack, The Things Stack, ...).
// Made by tools.generate from firmware/wire/schema.py: change the table, never this file.
//
// decodeUplink({bytes, fPort}) -> {data: {payload, ...newest record, older: [records]}}
// encodeDownlink({data: {command, ...fields}}) -> {fPort, bytes}
// decodeDownlink({bytes, fPort}) -> {data: {command, ...fields}}
// An absent value is null. Units and meaning: gateway/generated/payloads.md.

var ENUMS = {
  cause: ["power", "soft", "watchdog", "deepsleep", "wiped"],
  profile: ["none", "bin", "lamp", "counter", "parking"],
  why: ["default", "programme", "photocell", "presence", "failsafe", "command", "manual", "safety"],
  result: ["applied", "refused", "expired"],
  reason: ["ok", "malformed", "out_of_range", "unsupported", "below_floor", "manual", "safety", "clock_unknown", "gone", "failed"],
};

// name: [fPort, [[field, bits, low, high, step, optional], ...]]
var PAYLOADS = {
  bin: [10, [
    ["seq", 16, 0, 65535, 1, false],
    ["age", 16, 0, 655340, 10, true],
    ["fill", 7, 0, 100, 1, true],
    ["distance", 13, 0, 8190, 1, true],
    ["valid", 4, 0, 15, 1, false],
    ["spread", 10, 0, 1022, 1, true],
    ["battery", 8, 2000, 7080, 20, true],
    ["obstructed", 1, 0, 1, 1, false],
    ["suspect", 1, 0, 1, 1, false],
    ["low_battery", 1, 0, 1, 1, false],
    ["uncalibrated", 1, 0, 1, 1, false],
  ]],
  lamp: [11, [
    ["seq", 16, 0, 65535, 1, false],
    ["age", 16, 0, 655340, 10, true],
    ["level", 7, 0, 100, 1, true],
    ["why", 4, 0, 7, 1, false],
    ["lux", 17, 0, 131070, 1, true],
    ["presence", 1, 0, 1, 1, false],
    ["passages", 10, 0, 1022, 1, true],
    ["saturated", 1, 0, 1, 1, false],
    ["suspect", 1, 0, 1, 1, false],
  ]],
  counter: [12, [
    ["seq", 16, 0, 65535, 1, false],
    ["age", 16, 0, 655340, 10, true],
    ["total", 32, 0, 4294967295, 1, false],
    ["boots", 4, 0, 15, 1, false],
    ["battery", 8, 2000, 7080, 20, true],
    ["presence", 1, 0, 1, 1, false],
    ["suspect", 1, 0, 1, 1, false],
    ["low_battery", 1, 0, 1, 1, false],
  ]],
  boot: [20, [
    ["cause", 3, 0, 4, 1, false],
    ["profile", 3, 0, 4, 1, false],
    ["major", 4, 0, 15, 1, false],
    ["minor", 6, 0, 63, 1, false],
    ["patch", 6, 0, 63, 1, false],
    ["boots", 10, 0, 1023, 1, false],
    ["config_version", 16, 0, 65535, 1, false],
    ["first_seq", 16, 0, 65535, 1, false],
    ["next_seq", 16, 0, 65535, 1, false],
  ]],
  applied: [21, [
    ["token", 16, 0, 65535, 1, false],
    ["result", 4, 0, 2, 1, false],
    ["reason", 4, 0, 9, 1, false],
    ["config_version", 16, 0, 65535, 1, false],
    ["level", 7, 0, 100, 1, true],
    ["ramp", 8, 0, 254, 1, true],
    ["hold", 14, 1, 10080, 1, true],
    ["report_s", 17, 60, 86400, 1, true],
    ["sample_s", 17, 10, 86400, 1, true],
    ["count", 8, 0, 254, 1, true],
  ]],
  safe: [22, [
    ["crashes", 16, 0, 65535, 1, false],
    ["cause", 8, 0, 4, 1, false],
    ["text1", 48, 0, 281474976710654, 1, true],
    ["text2", 48, 0, 281474976710654, 1, true],
    ["text3", 48, 0, 281474976710654, 1, true],
  ]],
};

var COMMANDS = {
  dim: [30, [
    ["token", 16, 0, 65535, 1, false],
    ["expires", 32, 0, 4294967294, 1, true],
    ["level", 7, 0, 100, 1, false],
    ["ramp", 8, 0, 254, 1, true],
    ["hold", 14, 1, 10080, 1, true],
    ["over_presence", 2, 0, 1, 1, true],
  ]],
  interval: [31, [
    ["token", 16, 0, 65535, 1, false],
    ["expires", 32, 0, 4294967294, 1, true],
    ["report_s", 17, 60, 86400, 1, true],
    ["sample_s", 17, 10, 86400, 1, true],
  ]],
  resend: [32, [
    ["token", 16, 0, 65535, 1, false],
    ["expires", 32, 0, 4294967294, 1, true],
    ["first", 16, 0, 65535, 1, false],
    ["count", 8, 1, 254, 1, false],
  ]],
  reboot: [33, [
    ["token", 16, 0, 65535, 1, false],
    ["expires", 32, 0, 4294967294, 1, true],
  ]],
};

function entryOf(table, fPort) {
  for (var name in table) {
    if (table[name][0] === fPort) return name;
  }
  throw new Error("port " + fPort + ": nothing is defined there");
}

function sizeOf(rows) {
  var bits = 0;
  for (var i = 0; i < rows.length; i++) bits += rows[i][1];
  return Math.ceil(bits / 8);
}

// Numbers up to 2^32: arithmetic, not bitwise operators, which end at 2^31.
function readBits(bytes, at, count) {
  var value = 0;
  for (var i = at; i < at + count; i++) {
    var byte = bytes[Math.floor(i / 8)];
    value = value * 2 + (byte >> (7 - (i % 8)) & 1);
  }
  return value;
}

function readRecord(name, rows, bytes) {
  var values = {};
  var at = 0;
  for (var i = 0; i < rows.length; i++) {
    var field = rows[i][0], bits = rows[i][1];
    if (at + bits > bytes.length * 8) {
      values[field] = null; // sent by an older table
      at = bytes.length * 8;
      continue;
    }
    var raw = readBits(bytes, at, bits);
    at += bits;
    if (rows[i][5] && raw === Math.pow(2, bits) - 1) {
      values[field] = null;
      continue;
    }
    var value = rows[i][2] + raw * rows[i][4];
    if (value > rows[i][3]) throw new Error(name + ": " + field + " is " + value + ", above " + rows[i][3]);
    values[field] = ENUMS[field] ? ENUMS[field][value] : value;
  }
  return values;
}

function rawOf(name, row, value) {
  var field = row[0];
  if (value === null || value === undefined) {
    if (row[5]) return Math.pow(2, row[1]) - 1;
    throw new Error(name + ": " + field + " is missing");
  }
  if (ENUMS[field] && typeof value === "string") value = ENUMS[field].indexOf(value);
  if (typeof value !== "number" || Math.floor(value) !== value) {
    throw new Error(name + ": " + field + " is not a whole number");
  }
  if (value < row[2] || value > row[3]) {
    throw new Error(name + ": " + field + " is " + value + ", not within " + row[2] + " to " + row[3]);
  }
  return Math.floor((value - row[2] + Math.floor(row[4] / 2)) / row[4]);
}

function writeRecord(name, rows, values) {
  var bits = [];
  for (var i = 0; i < rows.length; i++) {
    var raw = rawOf(name, rows[i], values[rows[i][0]]);
    for (var b = rows[i][1] - 1; b >= 0; b--) bits.push(Math.floor(raw / Math.pow(2, b)) % 2);
  }
  while (bits.length % 8) bits.push(1);
  var bytes = [];
  for (var at = 0; at < bits.length; at += 8) {
    var byte = 0;
    for (var n = 0; n < 8; n++) byte = byte * 2 + bits[at + n];
    bytes.push(byte);
  }
  return bytes;
}

function decodeUplink(input) {
  if (!input.fPort) return { data: {} };  // MAC commands alone, or nothing
  try {
    var name = entryOf(PAYLOADS, input.fPort);
    var bytes = input.bytes, size = bytes[0];
    if (!size || bytes.length < 2 || (bytes.length - 1) % size) {
      throw new Error(name + ": " + bytes.length + " bytes are not whole records");
    }
    var records = [];
    for (var at = 1; at < bytes.length; at += size) {
      records.push(readRecord(name, PAYLOADS[name][1], bytes.slice(at, at + size)));
    }
    var data = records[0];
    data.payload = name;
    if (records.length > 1) data.older = records.slice(1);
    return { data: data };
  } catch (error) {
    return { errors: [error.message] };
  }
}

function encodeDownlink(input) {
  try {
    var values = input.data, name = values.command;
    if (!Object.prototype.hasOwnProperty.call(COMMANDS, name)) {
      throw new Error("command " + name + " is unknown; known are " + Object.keys(COMMANDS).join(", "));
    }
    var rows = COMMANDS[name][1];
    for (var field in values) {
      var known = field === "command";
      for (var i = 0; i < rows.length; i++) known = known || rows[i][0] === field;
      if (!known) throw new Error(name + ": no field " + field);
    }
    return { fPort: COMMANDS[name][0], bytes: writeRecord(name, rows, values) };
  } catch (error) {
    return { errors: [error.message] };
  }
}

function decodeDownlink(input) {
  try {
    var name = entryOf(COMMANDS, input.fPort), rows = COMMANDS[name][1];
    if (input.bytes.length !== sizeOf(rows)) {
      throw new Error(name + ": " + input.bytes.length + " bytes instead of " + sizeOf(rows));
    }
    var data = readRecord(name, rows, input.bytes);
    data.command = name;
    return { data: data };
  } catch (error) {
    return { errors: [error.message] };
  }
}
