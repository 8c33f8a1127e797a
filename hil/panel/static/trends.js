// Trends of chosen points: one chart for each unit, the plan of a controller dashed in the colour of its point.
import { get } from "/static/api.js";
import { Chart } from "/static/chart.js";
import { byId, clockOf, hours, make, number, say, shown, toast } from "/static/page.js";

const COLOURS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6", "--line-7", "--line-8"];
const MOST = 8, KEPT = 6000;

export class Trends {
  constructor(live, limits) {
    this.live = live;
    this.limits = limits;
    this.clock = clockOf(live.plant);
    this.series = new Map();
    this.charts = new Map();
    this.plan = null;
    this.span = 1800;
    byId("trend-points").append(...live.plant.columns.map((column) => make("option", { value: column.name }, column.words)));
    byId("trend-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const input = byId("trend-add");
      this.add([input.value.trim()]).then((done) => {
        input.value = done ? "" : input.value;
      });
    });
    byId("trend-span").addEventListener("change", (event) => {
      this.span = Number(event.target.value);
      this.draw();
    });
    live.listen((message) => this.take(message));
    live.linkListeners.push((state) => state === "live" && this.reload());
    window.addEventListener("resize", () => this.draw());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  async add(names, quiet = false) {
    const refusal = byId("trend-refusal");
    say(refusal, "");
    const unknown = names.find((name) => !this.live.index.has(name));
    if (unknown !== undefined) {
      say(refusal, `There is no point ${unknown || "without a name"}.`);
      return false;
    }
    const fresh = names.filter((name) => !this.series.has(name));
    if (this.series.size + fresh.length > MOST && names.length === 1) {
      say(refusal, `${MOST} points are shown already; remove one first.`);
      return false;
    }
    for (const name of fresh.slice(0, MOST - this.series.size)) {
      const used = new Set([...this.series.values()].map((one) => one.colour));
      this.series.set(name, { colour: COLOURS.find((colour) => !used.has(colour)), t: [], v: [] });
    }
    this.layout();
    await this.reload();
    if (!quiet) {
      toast(`Trend: ${names.length > 1 ? `${names[0].split("[")[0]}, ${names.length} points` : names[0]}`);
    }
    return true;
  }

  remove(name) {
    this.series.delete(name);
    this.layout();
    this.draw();
    byId("trend-add").focus();
  }

  async reload() {
    if (!this.series.size) {
      return;
    }
    const history = await (await get(`/api/history?points=${[...this.series.keys()].map(encodeURIComponent).join(",")}`)).json();
    for (const [name, one] of this.series) {
      if (history.values[name]) {
        one.t = [...history.t];
        one.v = [...history.values[name]];
      }
    }
    this.draw();
  }

  take(message) {
    if ("plan" in message) {
      this.plan = message.plan;
      this.showPlan();
    }
    for (const [name, one] of this.series) {
      const last = one.t.length ? one.t[one.t.length - 1] : -1;
      if (message.t < last) {
        one.t = [];
        one.v = [];
      }
      if (message.t !== last) {
        one.t.push(message.t);
        one.v.push(this.live.value(name) ?? null);
      }
      if (one.t.length > KEPT) {
        one.t.splice(0, 1000);
        one.v.splice(0, 1000);
      }
    }
    this.draw();
    this.comparePlan();
  }

  // One figure per unit, in the order in which points were chosen.
  layout() {
    const home = byId("charts");
    const byUnit = new Map();
    for (const name of this.series.keys()) {
      const unit = this.live.column(name).unit || "1";
      byUnit.set(unit, [...(byUnit.get(unit) ?? []), name]);
    }
    home.replaceChildren();
    this.charts = new Map();
    for (const [unit, names] of byUnit) {
      const canvas = make("canvas", { role: "img" });
      const legend = make("ul", { class: "legend" });
      const cells = names.map((name) => {
        const value = make("strong", {}, "–");
        legend.append(make("li", {}, make("span", { class: `swatch ${this.series.get(name).colour.slice(2)}` }), make("span", { class: "name" }, name), value,
          make("button", { type: "button", class: "plain", "aria-label": `Remove the trend of ${name}`, onclick: () => this.remove(name) }, "×")));
        return { name, value };
      });
      home.append(make("figure", {}, make("figcaption", {}, make("span", {}, unit === "1" ? "shares, counts, states" : unit), legend), canvas));
      this.charts.set(unit, { names, cells, canvas, chart: new Chart(canvas, this.clock) });
    }
  }

  draw() {
    const now = this.live.t;
    for (const { names, cells, canvas, chart } of this.charts.values()) {
      const lines = [], bounds = [];
      let to = now;
      for (const name of names) {
        const one = this.series.get(name);
        lines.push({ t: one.t, v: one.v, colour: one.colour });
        const planned = this.plan?.values[name];
        if (planned) {
          lines.push({ t: this.plan.t, v: planned, colour: one.colour, dash: true, steps: planned.length < this.plan.t.length });
          to = Math.min(this.plan.t[this.plan.t.length - 1], now + this.span);
        }
        for (const limit of this.limits.of(name)) {
          const value = this.limits.bound(limit);
          if (value !== null && !bounds.some((bound) => bound.value === value)) {
            bounds.push({ value, name: limit.name });
          }
        }
      }
      const column = this.live.column(names[0]);
      const first = Math.min(...names.map((name) => this.series.get(name).t[0] ?? now));
      const from = Math.min(Math.max(now - this.span, first), now - 10);
      chart.draw({ lines, bounds, from, to: Math.max(to, now), now, digits: column.digits });
      for (const { name, value } of cells) {
        say(value, shown(this.live.column(name), this.live.value(name)));
      }
      const label = `Trend of ${names.join(", ")} from ${hours(this.clock(Math.max(from, 0)), false)} to ${hours(this.clock(now), false)}`;
      if (canvas.getAttribute("aria-label") !== label) {
        canvas.setAttribute("aria-label", label);
      }
    }
  }

  showPlan() {
    const home = byId("plan");
    home.hidden = this.plan === null;
    home.replaceChildren();
    this.planned = [];
    if (this.plan === null) {
      return;
    }
    const body = make("tbody");
    for (const [name, course] of Object.entries(this.plan.values)) {
      const cells = [make("td", { class: "number" }), make("td", { class: "number" }), make("td", { class: "number" })];
      body.append(make("tr", {}, make("th", { scope: "row" }, make("button", { type: "button", class: "plain", onclick: () => this.add([name]) }, name)), ...cells,
        make("td", {}, this.live.column(name).unit)));
      this.planned.push({ name, course, cells });
    }
    const [begin, end] = [this.plan.t[0], this.plan.t[this.plan.t.length - 1]];
    home.append(make("h3", {}, "Plan against reality"),
      make("p", { class: "note" }, `Plan of ${this.plan.source}, from ${hours(this.clock(begin), false)} to ${hours(this.clock(end), false)} site time; dashed in the trends.`),
      make("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Plan against reality" },
        make("table", {}, make("thead", {}, make("tr", {}, ...["point", "planned", "is", "difference", "unit"].map((words, k) =>
          make("th", { scope: "col", class: k > 0 && k < 4 ? "number" : "" }, words)))), body)));
  }

  // Predictions are at the boundaries; what is one shorter holds over the intervals.
  plannedAt(course, t) {
    const times = this.plan.t;
    const k = times.findLastIndex((time) => time <= t);
    if (k < 0 || t > times[times.length - 1]) {
      return null;
    }
    if (course.length < times.length || k === times.length - 1) {
      return course[Math.min(k, course.length - 1)];
    }
    const share = (t - times[k]) / (times[k + 1] - times[k]);
    return course[k] + share * (course[k + 1] - course[k]);
  }

  comparePlan() {
    if (this.plan === null) {
      return;
    }
    for (const { name, course, cells } of this.planned) {
      const column = this.live.column(name), value = this.live.value(name), planned = this.plannedAt(course, this.live.t);
      const difference = planned === null || value === null ? null : value - planned;
      [planned, value, difference].forEach((v, k) => say(cells[k], number(v, column.digits)));
    }
  }
}
