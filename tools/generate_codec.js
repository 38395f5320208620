// Lamplighter's payload codec in TS013 form, for network servers that run one (ChirpStack, The Things Stack, ...).
// Made by tools.generate from firmware/wire (readings, table.py): change those, never this file.
//
// decodeUplink({bytes, fPort}) -> {data: {payload, ...newest record, older: [records]}}; batches alike
// encodeDownlink({data: {command, ...fields}}) -> {fPort, bytes}
// decodeDownlink({bytes, fPort}) -> {data: {command, ...fields}}
// An absent value is null. Units and meaning: gateway/generated/payloads.md.

var ENUMS = /*ENUMS*/;

// name: [fPort, [[field, bits, low, high, step, optional], ...]]
var PAYLOADS = /*PAYLOADS*/;

var COMMANDS = /*COMMANDS*/;

var FIRST_REPORT = /*FIRST_REPORT*/;

// Of batches: gateway/generated/payloads.md has their form.
var BATCH = /*BATCH*/;

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
