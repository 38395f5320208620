// Reads what a payload codec returned, as ChirpStack 4.20 converts it to a google.protobuf.Struct
// (codec/convert.rs): a function, a symbol, undefined, NaN and a BigInt become null, and a Date is
// an object without fields.
function chirpstack_kind(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return typeof value;
}

function chirpstack_plain(value) {
  const kind = chirpstack_kind(value);
  if (kind === "array") return value.map(chirpstack_plain);
  if (kind === "object") {
    const fields = Object.create(null);
    for (const key of Object.keys(value)) fields[key] = chirpstack_plain(value[key]);
    return fields;
  }
  if (kind === "float") return Number.isFinite(value) ? value : null;
  return ["bool", "int", "string"].includes(kind) ? value : null;
}

function chirpstack_read() {
  return JSON.stringify([chirpstack_kind(chirpstack_output), chirpstack_plain(chirpstack_output)]);
}
