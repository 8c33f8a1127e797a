// The drawing comes from the server as SVG, once for wide and once for narrow screens; here its figures are filled.
import { get } from "/static/api.js";
import { byId, make, say, shown } from "/static/page.js";

const REDUCE = {
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  mean: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  sum: (values) => values.reduce((a, b) => a + b, 0),
};
const MARK = { over: "▲ ", near: "● ", "": "" };

export class Schematic {
  constructor(live, limits, trends) {
    this.live = live;
    this.limits = limits;
    this.trends = trends;
    this.figures = [];
    this.loops = [];
    this.tiles = [];
    this.selected = null;
  }

  async load() {
    const home = byId("schematic");
    if (this.live.plant.schematic === "tables") {
      home.append(make("p", { class: "note" }, "How this plant is built is not known here: its signals by what they measure; ↑ the highest of several."));
    }
    for (const name of ["wide", "narrow"]) {
      const text = await (await get(`/api/schematic/${name}.svg`)).text();
      const drawing = document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
      home.append(drawing);
      this.adopt(drawing);
    }
    this.live.listen(() => this.show());
  }

  adopt(drawing) {
    for (const element of drawing.querySelectorAll("[data-points]")) {
      const points = element.dataset.points.split(" ").filter(Boolean);
      this.figures.push({ element, points, reduce: REDUCE[element.dataset.reduce ?? "max"], bare: "bare" in element.dataset });
      if (!element.closest(".tile")) {
        element.addEventListener("click", () => this.trends.add(points));
      }
    }
    for (const element of drawing.querySelectorAll(".loop")) {
      this.loops.push({ element, points: element.dataset.flow.split(" ").filter(Boolean) });
    }
    const tiles = [...drawing.querySelectorAll(".tile")];
    tiles.forEach((element, k) => {
      this.tiles.push(element);
      element.addEventListener("click", () => this.select(element));
      element.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowDown: 3, ArrowLeft: -1, ArrowUp: -3 }[event.key];
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          this.select(element);
        } else if (step) {
          event.preventDefault();
          const next = tiles[Math.min(Math.max(k + step, 0), tiles.length - 1)];
          tiles.forEach((tile) => tile.setAttribute("tabindex", tile === next ? "0" : "-1"));
          next.focus();
        }
      });
    });
  }

  show() {
    for (const { element, points, reduce, bare } of this.figures) {
      const values = this.live.read(points);
      const state = this.limits.state(points);
      // The highest of those that are left is one of them; a sum without some is none.
      const text = values.length && (reduce !== REDUCE.sum || values.length === points.length) ? shown(this.live.column(points[0]), reduce(values), bare) : "–";
      say(element, (bare ? "" : MARK[state]) + text);
      element.classList.toggle("over", state === "over");
      element.classList.toggle("near", state === "near");
    }
    for (const { element, points } of this.loops) {
      element.classList.toggle("flowing", points.some((point) => Math.abs(this.live.value(point) ?? 0) > 0.01));
    }
    for (const tile of this.tiles) {
      const state = this.limits.state([tile.dataset.point]);
      tile.classList.toggle("over", state === "over");
      tile.classList.toggle("near", state === "near");
      const words = { over: ", beyond its limit", near: ", near its limit", "": "" }[state];
      const label = `${tile.dataset.words}: ${shown(this.live.column(tile.dataset.point), this.live.value(tile.dataset.point))}${words}`;
      if (tile.getAttribute("aria-label") !== label) {
        tile.setAttribute("aria-label", label);
      }
    }
    this.showComponent();
  }

  select(tile) {
    const number = tile.dataset.tile;
    this.selected = this.selected === number ? null : number;
    for (const other of this.tiles) {
      other.classList.toggle("selected", other.dataset.tile === this.selected);
      other.setAttribute("aria-pressed", String(other.dataset.tile === this.selected));
    }
    const home = byId("component");
    home.hidden = this.selected === null;
    home.replaceChildren();
    this.cells = [];
    if (this.selected === null) {
      return;
    }
    const size = this.live.plant.columns.filter((column) => /^T_chip\[/.test(column.name)).length;
    const ours = this.live.plant.columns.filter((column) => column.name.endsWith(`[${number}]`) && ["sensor", "feedback"].includes(column.role)
      && this.live.index.has(column.name.replace(/\[\d+\]$/, `[${size}]`)));
    const list = make("dl", { class: "component" });
    for (const column of ours) {
      const value = make("dd", {}, "–");
      const button = make("button", { type: "button", class: "plain", onclick: () => this.trends.add([column.name]) }, column.words);
      list.append(make("div", {}, make("dt", {}, button), value));
      this.cells.push({ column, value });
    }
    home.append(make("h3", {}, `${tile.dataset.words}`), list);
    this.showComponent();
  }

  showComponent() {
    if (this.selected === null) {
      return;
    }
    for (const { column, value } of this.cells) {
      const state = this.limits.state([column.name]);
      say(value, MARK[state] + shown(column, this.live.value(column.name)));
      value.className = state;
    }
  }
}
