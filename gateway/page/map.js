// The map: one canvas, on which each kind of asset has a shape and its value a colour.
import * as L from "./lib/leaflet.js";

const GREY = "#7a828a";
const COLOURS = {
  bin: (value) => (value >= 0.8 ? "#b00020" : value >= 0.6 ? "#c77700" : "#1b7f3b"),
  lamp: (value) => (value > 0 ? "#e0a800" : "#3a4a5a"),
  bay: (value) => (Number(value) ? "#5b3a8c" : "#1769c4"),
  counter: () => "#00796b",
};
const SHAPES = {
  bin: (context, { x, y }, r) => context.rect(x - r, y - r, 2 * r, 2 * r),
  lamp: (context, { x, y }, r) => context.arc(x, y, r, 0, 2 * Math.PI),
  bay: (context, { x, y }, r) => { context.moveTo(x, y - r * 1.3); context.lineTo(x + r * 1.3, y); context.lineTo(x, y + r * 1.3); context.lineTo(x - r * 1.3, y); context.closePath(); },
  counter: (context, { x, y }, r) => { context.moveTo(x, y - r); context.lineTo(x + r, y + r); context.lineTo(x - r, y + r); context.closePath(); },
};

const Canvas = L.Canvas.extend({
  _updateMark(layer) {
    if (!this._drawing || layer._empty()) return;
    const context = this._ctx;
    const { kind, value, stale } = layer.asset;
    context.beginPath();
    SHAPES[kind](context, layer._point, layer._radius);
    context.fillStyle = value === null ? GREY : COLOURS[kind](value);
    context.globalAlpha = stale ? 0.45 : 1;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    context.strokeStyle = "#fff";
    context.stroke();
    if (stale) hatch(context, layer._point, layer._radius);
  },
});

function hatch(context, { x, y }, r) {
  context.save();
  context.clip();
  context.beginPath();
  for (let step = -2 * r; step <= 2 * r; step += 4) { context.moveTo(x + step - r, y + r); context.lineTo(x + step + r, y - r); }
  context.strokeStyle = "#000";
  context.stroke();
  context.restore();
}

const Mark = L.CircleMarker.extend({ _updatePath() { this._renderer._updateMark(this); } });

export class Town {
  constructor(element, choose) {
    this.choose = choose;
    this.marks = new Map();
    this.hidden = new Set();
    this.renderer = new Canvas({ padding: 0.3 });
    this.map = L.map(element, { attributionControl: false, zoomAnimation: false });
  }

  async basemap() {
    const answer = await fetch("basemap.geojson");
    if (answer.status !== 200) return; // 204: the town gave none
    const style = { color: "#9aa4ae", weight: 2, fillOpacity: 0.08, interactive: false };
    L.geoJSON(await answer.json(), { style, pointToLayer: () => null }).addTo(this.map);
  }

  show(assets) {
    for (const mark of this.marks.values()) mark.remove();
    this.marks.clear();
    for (const asset of assets) {
      const mark = new Mark([asset.lat, asset.lon], { renderer: this.renderer, radius: 8 });
      mark.asset = asset;
      mark.on("click", () => this.choose(asset));
      this.marks.set(asset.id, mark);
      if (!this.hidden.has(asset.kind)) mark.addTo(this.map);
    }
    const places = assets.map((one) => [one.lat, one.lon]);
    if (places.length) this.map.fitBounds(places, { maxZoom: 18, padding: [30, 30] });
    else this.map.setView([46.6, 2.4], 5);
  }

  changed(asset) { this.marks.get(asset.id)?.redraw(); }

  focus(asset) { this.map.panTo([asset.lat, asset.lon]); }

  toggle(kind) {
    const off = !this.hidden.delete(kind);
    if (off) this.hidden.add(kind);
    for (const mark of this.marks.values()) {
      if (mark.asset.kind === kind) off ? mark.remove() : mark.addTo(this.map);
    }
    return !off;
  }
}
