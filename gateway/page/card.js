// The card beside the map: one asset, its value and age, its flags, a week, and what one may do.
import uPlot from "./lib/uplot.js";
import { call } from "./api.js";
import { age, say, shown } from "./texts.js";

const DAY_MS = 86400000;
const card = document.getElementById("card");
let number = 0;

function element(tag, text = "", more = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, more);
}

export function close() { number += 1; card.hidden = true; }

export async function open(asset, mayCommand, anew = true) {
  const mine = (number += 1);
  card.hidden = false;
  const facts = element("dl");
  const row = (key, value, name = "") => facts.append(element("dt", say(key)), element("dd", value, { className: name }));
  row("value", shown(asset), asset.stale ? "stale" : "");
  if (asset.observed_at) row("age", `${age(asset.observed_at)}${asset.stale ? `, ${say("stale")}` : ""}`);
  if (asset.quality.some((one) => one !== "ok")) row("quality", asset.quality.join(", "));
  row("street", [asset.street, asset.zone].filter(Boolean).join(", ") || "-");
  row("device", asset.device || "-");
  const title = element("h2", asset.id, { tabIndex: -1 });
  const end = element("button", say("close"), { type: "button", onclick: close });
  const chart = element("div");
  card.replaceChildren(title, facts, element("h3", say("week")), chart, ...(mayCommand && asset.kind === "lamp" && asset.dev_eui ? [dimming(asset)] : []), end);
  if (anew) title.focus();
  if (asset.dev_eui) await more(asset, chart, facts, () => mine === number);
}

async function more(asset, chart, facts, current) {
  const since = new Date(Date.now() - 7 * DAY_MS).toISOString();
  const query = new URLSearchParams({ property: asset.property, step: "15min", since, limit: 1000 });
  const [series, device] = await Promise.all([
    call("GET", `/v1/devices/${asset.dev_eui}/series?${query}`), call("GET", `/v1/devices/${asset.dev_eui}`),
  ]);
  if (!current()) return;
  for (const one of device.troubles) facts.append(element("dt", say("trouble")), element("dd", one.reason));
  draw(chart, asset, series.spans);
}

function draw(chart, asset, spans) {
  const scale = asset.kind === "bin" || asset.kind === "lamp" ? 100 : 1;
  const rows = spans.map((one) => [Date.parse(one.since_at) / 1000, one.mean === null ? null : one.mean * scale]);
  if (!rows.length) { chart.textContent = say("noWeek"); return; }
  const ink = getComputedStyle(document.body).color;
  const axis = { stroke: ink, grid: { width: 0.3, stroke: ink } };
  const gaps = { spanGaps: false, stroke: "#1769c4", width: 2, points: { show: rows.length < 60 } };
  new uPlot({ width: chart.clientWidth, height: 160, legend: { show: false }, axes: [axis, axis], scales: { x: { range: () => [Date.now() / 1000 - 7 * 86400, Date.now() / 1000] } }, series: [{}, gaps] },
    [rows.map((one) => one[0]), rows.map((one) => one[1])], chart);
}

function dimming(asset) {
  const form = element("form");
  const level = element("input", "", { type: "number", min: 0, max: 100, required: true, name: "level" });
  const label = element("label", say("dim"));
  const told = element("p", "", { role: "status" });
  label.append(level);
  form.append(label, element("button", say("send")), told);
  form.onsubmit = async (event) => {
    event.preventDefault();
    try {
      const asked = await call("POST", `/v1/devices/${asset.dev_eui}/commands`, { name: "dim", values: { level: Number(level.value) } });
      told.textContent = asked.state;
    } catch (error) { told.textContent = error.message; }
  };
  return form;
}
