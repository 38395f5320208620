// Lamplighter's payload codec in TS013 form, for network servers that run one (ChirpStack, The Things Stack, ...).
// Made by tools.generate from firmware/wire (readings, table.py): change those, never this file.
//
// decodeUplink({bytes, fPort}) -> {data: {payload, ...newest record, older: [records]}}; batches alike
// encodeDownlink({data: {command, ...fields}}) -> {fPort, bytes}
// decodeDownlink({bytes, fPort}) -> {data: {command, ...fields}}
// An absent value is null. Units and meaning: gateway/generated/payloads.md.

var ENUMS = {
  cause: ["power", "soft", "watchdog", "deepsleep", "wiped"],
  profile: ["none", "bin", "lamp", "counter", "parking", "people"],
  why: ["default", "programme", "photocell", "presence", "failsafe", "command", "manual", "safety"],
  result: ["applied", "refused", "expired"],
  reason: ["ok", "malformed", "out_of_range", "unsupported", "below_floor", "manual", "safety", "clock_unknown", "gone", "failed"],
  event: ["none", "overflow", "emptied"],
  alarm: ["none", "shock", "dropped", "fire"],
  sensor1: ["distance", "light", "motion", "field", "people", "temperature", "tilt", "power", "meter"],
  sick1: ["well", "absent", "stuck", "absent+stuck", "noisy", "absent+noisy", "stuck+noisy", "absent+stuck+noisy", "drifting", "absent+drifting", "stuck+drifting", "absent+stuck+drifting", "noisy+drifting", "absent+noisy+drifting", "stuck+noisy+drifting", "absent+stuck+noisy+drifting"],
  sensor2: ["distance", "light", "motion", "field", "people", "temperature", "tilt", "power", "meter"],
  sick2: ["well", "absent", "stuck", "absent+stuck", "noisy", "absent+noisy", "stuck+noisy", "absent+stuck+noisy", "drifting", "absent+drifting", "stuck+drifting", "absent+stuck+drifting", "noisy+drifting", "absent+noisy+drifting", "stuck+noisy+drifting", "absent+stuck+noisy+drifting"],
  sensor3: ["distance", "light", "motion", "field", "people", "temperature", "tilt", "power", "meter"],
  sick3: ["well", "absent", "stuck", "absent+stuck", "noisy", "absent+noisy", "stuck+noisy", "absent+stuck+noisy", "drifting", "absent+drifting", "stuck+drifting", "absent+stuck+drifting", "noisy+drifting", "absent+noisy+drifting", "stuck+noisy+drifting", "absent+stuck+noisy+drifting"],
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
    ["event", 2, 0, 2, 1, true],
    ["alarm", 3, 0, 3, 1, true],
    ["tilted", 2, 0, 1, 1, true],
    ["tilt", 4, 0, 168, 12, true],
    ["temperature", 7, -40, 86, 1, true],
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
    ["energy", 20, 0, 1048574, 1, true],
    ["power", 11, 0, 4092, 2, true],
    ["mains", 8, 0, 508, 2, true],
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
  parking: [13, [
    ["seq", 16, 0, 65535, 1, false],
    ["age", 16, 0, 655340, 10, true],
    ["occupied", 2, 0, 1, 1, true],
    ["since", 13, 0, 8190, 1, true],
    ["lasted", 13, 0, 8190, 1, true],
    ["field", 8, 0, 50800, 200, true],
    ["battery", 8, 2000, 7080, 20, true],
    ["conflict", 1, 0, 1, 1, false],
    ["suspect", 1, 0, 1, 1, false],
    ["low_battery", 1, 0, 1, 1, false],
    ["uncalibrated", 1, 0, 1, 1, false],
  ]],
  people: [14, [
    ["seq", 16, 0, 65535, 1, false],
    ["age", 16, 0, 655340, 10, true],
    ["inbound", 20, 0, 999999, 1, true],
    ["outbound", 20, 0, 999999, 1, true],
    ["hidden", 4, 0, 28, 2, true],
    ["suspect", 1, 0, 1, 1, false],
    ["low_battery", 1, 0, 1, 1, false],
    ["partial", 1, 0, 1, 1, false],
    ["open", 1, 0, 1, 1, false],
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
    ["version", 16, 0, 65534, 1, true],
  ]],
  safe: [22, [
    ["crashes", 16, 0, 65535, 1, false],
    ["cause", 8, 0, 4, 1, false],
    ["text1", 48, 0, 281474976710654, 1, true],
    ["text2", 48, 0, 281474976710654, 1, true],
    ["text3", 48, 0, 281474976710654, 1, true],
  ]],
  status: [23, [
    ["major", 4, 0, 15, 1, false],
    ["minor", 6, 0, 63, 1, false],
    ["patch", 6, 0, 63, 1, false],
    ["cause", 3, 0, 4, 1, false],
    ["boots", 16, 0, 65535, 1, false],
    ["config_version", 16, 0, 65535, 1, false],
    ["battery", 8, 2000, 7080, 20, true],
    ["window_us", 14, 0, 16382, 1, true],
    ["erases", 20, 0, 1048574, 1, true],
    ["heap_free", 16, 0, 655340, 10, true],
    ["sensor1", 4, 0, 8, 1, true],
    ["sick1", 4, 0, 15, 1, false],
    ["sensor2", 4, 0, 8, 1, true],
    ["sick2", 4, 0, 15, 1, false],
    ["sensor3", 4, 0, 8, 1, true],
    ["sick3", 4, 0, 15, 1, false],
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
  programme: [34, [
    ["token", 16, 0, 65535, 1, false],
    ["expires", 32, 0, 4294967294, 1, true],
    ["version", 16, 0, 65535, 1, false],
    ["size", 8, 0, 255, 1, false],
    ["at", 5, 0, 31, 1, false],
    ["data1", 48, 0, 281474976710655, 1, false],
    ["data2", 48, 0, 281474976710655, 1, false],
  ]],
};

var FIRST_REPORT = 20;

// Of batches: gateway/generated/payloads.md has their form.
var BATCH = {"fPort": 40, "intervals": [60, 300, 600, 900, 1800, 3600, 86400], "quotient": 6, "ageBits": 22, "stepBits": 20};

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

// --- batches ------------------------------------------------------------------

function batchName(fPort) {
  for (var name in PAYLOADS) {
    var known = PAYLOADS[name][0];
    if (known < FIRST_REPORT && known + BATCH.fPort === fPort) return name;
  }
  throw new Error("port " + fPort + ": nothing is defined there");
}

function take(from, count, what) {
  if (from.at + count > from.bytes.length * 8) {
    throw new Error(from.name + ": the batch ends within " + what);
  }
  from.at += count;
  return readBits(from.bytes, from.at - count, count);
}

// Is the next bit a one? Behind the end there are ones.
function rests(from) {
  from.at += 1;
  return from.at > from.bytes.length * 8 || readBits(from.bytes, from.at - 1, 1) === 1;
}

function signedOf(folded) {
  return folded % 2 ? -(folded + 1) / 2 : folded / 2;
}

function riceOf(from, count, width, what) {
  var k = take(from, width <= 8 ? 3 : 4, what), found = [];
  for (var i = 0; i < count; i++) {
    var quotient = 0;
    while (quotient < BATCH.quotient && !take(from, 1, what)) quotient += 1;
    var long = quotient === BATCH.quotient;
    found.push(long ? take(from, width, what) : quotient * Math.pow(2, k) + take(from, k, what));
  }
  return found;
}

function agesOf(from, count) {
  var age = 0, ages = [], i;
  if (take(from, 1, "its age")) {
    age = take(from, BATCH.ageBits, "its age");
    if (age === Math.pow(2, BATCH.ageBits) - 1) {
      for (i = 0; i < count; i++) ages.push(null);
      return ages;
    }
  }
  ages.push(age * 10);
  if (count === 1) return ages;
  var code = take(from, 3, "its interval");
  var usual = code < 7 ? BATCH.intervals[code] / 10 : take(from, 14, "its interval");
  var steps = null;
  if (!take(from, 1, "its interval")) steps = riceOf(from, count - 1, BATCH.stepBits, "its times");
  for (i = count - 2; i >= 0; i--) {
    var step = usual + (steps ? signedOf(steps[i]) : 0);
    if (step < 0) throw new Error(from.name + ": a reading is older than the one before it");
    ages.unshift(ages[0] + 10 * step);
  }
  return ages;
}

function firstOf(from, width, field) {
  if (width >= 16) {
    var nibbles = take(from, 4, field);
    if (4 * nibbles > width + 3) {
      throw new Error(from.name + ": " + field + " begins with more digits than it has");
    }
    width = 4 * nibbles;
  }
  return take(from, width, field);
}

function differencesOf(from, width, count, field) {
  var all = Math.pow(2, width), small = Math.pow(2, Math.floor(width / 2));
  var raws = [firstOf(from, width, field)];
  var line = take(from, 1, field);
  var expected = 0, total = 0, times = 0;
  var found = riceOf(from, count - 1, width, field);
  for (var i = 0; i < found.length; i++) {
    var raw = (raws[i] + expected + signedOf(found[i])) % all;
    raws.push(raw < 0 ? raw + all : raw);
    var step = raws[i + 1] - raws[i];
    if (line) {
      expected = step;
    } else if (-small < step && step < small) {
      total += step;
      times += 1;
      expected = Math.floor((2 * total + times) / (2 * times));
    }
  }
  return raws;
}

function columnOf(from, row, count) {
  var field = row[0], width = row[1], values = [], raws = null, i;
  if (rests(from)) {
    if (!rests(from)) {
      var same = firstOf(from, width, field);
      raws = [];
      for (i = 0; i < count; i++) raws.push(same);
    }
  } else {
    raws = differencesOf(from, width, count, field);
  }
  for (i = 0; i < count; i++) {
    if (!raws) {
      values.push(width === 1 ? 0 : null);
      continue;
    }
    var value = row[2] + raws[i] * row[4];
    if (row[5] && raws[i] === Math.pow(2, width) - 1) {
      value = null;
    } else if (value > row[3]) {
      throw new Error(from.name + ": " + field + " is " + value + ", above " + row[3]);
    }
    values.push(value !== null && ENUMS[field] ? ENUMS[field][value] : value);
  }
  return values;
}

function readBatch(fPort, bytes) {
  var name = batchName(fPort), rows = PAYLOADS[name][1];
  var from = { name: name, bytes: bytes, at: 0 };
  var newest = take(from, 16, "its number"), count = take(from, 5, "its size") + 1;
  var ages = agesOf(from, count), columns = [], records = [], i, at;
  for (i = 2; i < rows.length; i++) columns.push(columnOf(from, rows[i], count));
  for (at = count - 1; at >= 0; at--) {
    var record = { seq: (newest - (count - 1 - at) + 65536) % 65536, age: ages[at] };
    for (i = 2; i < rows.length; i++) record[rows[i][0]] = columns[i - 2][at];
    records.push(record);
  }
  return told(name, records);
}

// --- TS013 --------------------------------------------------------------------

function told(name, records) {
  var data = records[0];
  data.payload = name;
  if (records.length > 1) data.older = records.slice(1);
  return { data: data };
}

function readRecords(fPort, bytes) {
  var name = entryOf(PAYLOADS, fPort), size = bytes[0], records = [];
  if (!size || bytes.length < 2 || (bytes.length - 1) % size) {
    throw new Error(name + ": " + bytes.length + " bytes are not whole records");
  }
  for (var at = 1; at < bytes.length; at += size) {
    records.push(readRecord(name, PAYLOADS[name][1], bytes.slice(at, at + size)));
  }
  return told(name, records);
}

function decodeUplink(input) {
  if (!input.fPort) return { data: {} };  // MAC commands alone, or nothing
  try {
    return (input.fPort < BATCH.fPort ? readRecords : readBatch)(input.fPort, input.bytes);
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
