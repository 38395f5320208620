// The page: log in, then the town, kept up to date by the stream of events.
import { call, remember } from "./api.js";
import { close, open } from "./card.js";
import { Town } from "./map.js";
import { current, other, say, shown, translate } from "./texts.js";

const MOST = 100;
const KINDS = ["bin", "lamp", "bay", "counter"];
const $ = (id) => document.getElementById(id);
let me = null;
let town = null;
let street = { assets: [], unplaced: [] };
let chosen = null;
let source = null;

function choose(asset) {
  chosen = asset;
  town.focus(asset);
  open(asset, me.scopes.includes("command")).catch((error) => { $("live").textContent = error.message; });
}

function list() {
  const words = $("filter").value.toLowerCase();
  const found = street.assets.filter((one) => `${one.id} ${one.street} ${one.zone} ${one.device}`.toLowerCase().includes(words));
  $("list").replaceChildren(...found.slice(0, MOST).map((asset) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${asset.id} · ${shown(asset)}${asset.street ? ` · ${asset.street}` : ""}`;
    button.className = asset.stale ? "stale" : "";
    button.onclick = () => choose(asset);
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  const left = found.length - MOST;
  const names = street.unplaced.slice(0, MOST).join(", ");
  $("more").textContent = [left > 0 ? say("more", { n: left }) : "", names ? say("unplaced", { names }) : ""].filter(Boolean).join(" ");
}

function tiles() {
  $("tiles").replaceChildren(...KINDS.map((kind) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${say(kind)} ${street.assets.filter((one) => one.kind === kind).length}`;
    button.setAttribute("aria-pressed", String(!town.hidden.has(kind)));
    button.onclick = () => button.setAttribute("aria-pressed", String(town.toggle(kind)));
    return button;
  }));
}

let due = false;
function soon() { // many events are one change of the list
  if (due) return;
  due = true;
  setTimeout(() => { due = false; list(); }, 500);
}

function take(event) {
  const told = event.data?.values ?? [];
  for (const asset of street.assets.filter((one) => one.dev_eui && one.dev_eui === event.subject)) {
    const value = told.find((one) => one.property === asset.property);
    if (!value || (asset.observed_at && event.data.observed_at < asset.observed_at)) continue;
    Object.assign(asset, { value: value.value, unit: value.unit, quality: value.quality, observed_at: event.data.observed_at, stale: false });
    town.changed(asset);
    if (asset === chosen && !$("card").hidden) open(asset, me.scopes.includes("command"), false);
    soon();
  }
}

function follow(cursor) {
  source?.close();
  source = new EventSource(`/v1/events/stream?types=lamplighter.reading.v1&after=${cursor}`);
  source.onopen = () => { $("live").textContent = say("live"); };
  source.onerror = () => { $("live").textContent = say("lost"); };
  source.onmessage = (message) => { if (message.data) take(JSON.parse(message.data)); };
}

function age() { // what nobody tells anew becomes stale
  for (const asset of street.assets) {
    const late = !asset.observed_at || Date.now() - Date.parse(asset.observed_at) > (2.5 * asset.report_s + 900) * 1000;
    if (late !== asset.stale) { asset.stale = late; town.changed(asset); soon(); }
  }
}

async function show() {
  $("login").hidden = Boolean(me);
  $("town").hidden = !me;
  $("logout").hidden = !me;
  $("who").textContent = me ? `${me.name} (${me.role})` : "";
  if (!me) { source?.close(); $("live").textContent = ""; return; }
  street = await call("GET", "/v1/street");
  if (!town) { town = new Town($("map"), choose); await town.basemap(); }
  town.show(street.assets);
  tiles();
  list();
  follow(street.cursor);
}

function speak() {
  translate();
  $("language").textContent = say("language");
  $("language").lang = current() === "fr" ? "en" : "fr";
  $("logout").textContent = say("logout");
  if (me) { tiles(); list(); close(); }
}

$("login").onsubmit = async (event) => {
  event.preventDefault();
  const given = new FormData($("login"));
  $("problem").textContent = "";
  try {
    me = await call("POST", "login", { name: given.get("name"), password: given.get("password") });
    remember(me);
    $("login").reset();
    await show();
  } catch (error) { $("problem").textContent = error.message; }
};
$("logout").onclick = async () => { await call("POST", "logout").catch(() => null); location.reload(); };
$("language").onclick = () => { other(); speak(); };
$("filter").oninput = list;
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
setInterval(age, 60000);
speak();
me = await call("GET", "session").catch(() => null);
remember(me);
await show();
