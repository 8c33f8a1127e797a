// Setpoints and hand, off, auto: what is asked for goes to the server as it was typed, and its refusal is shown as it was worded.
import { release, write } from "/static/api.js";
import { byId, make, say, shown, toast } from "/static/page.js";

// What somebody typed: a number where it is one, else as it stands, for the server to refuse.
export function typed(text) {
  const value = Number(text.trim());
  return text.trim() === "" || Number.isNaN(value) ? text : value;
}

// Four digits, rounded into the range, so that what is shown is taken.
function within(value, up) {
  const scale = 10 ** (3 - Math.floor(Math.log10(Math.abs(value) || 1)));
  return Number(((up ? Math.ceil : Math.floor)(value * scale - (up ? 1e-9 : -1e-9)) / scale).toPrecision(6));
}

function rangeOf(column) {
  const unit = column.unit ? ` ${column.unit}` : "";
  const whole = `${within(column.low, true)} to ${within(column.high, false)}${unit}`;
  return column.rate_per_min ? `${whole}, ${Number(column.rate_per_min.toPrecision(3))}${unit} per min` : whole;
}

// What the panel writes is an operator's.
const OPERATOR = 8;

// Who holds some commands, and a button that lets go of what operators hold.
class Holder {
  constructor(live, label, commands, refusal) {
    this.live = live;
    this.commands = commands;
    this.words = make("span", { class: "note holder" });
    this.button = make("button", { type: "button", class: "plain release", hidden: true, "aria-label": `${label}: release`, onclick: async () => {
      const refused = await release(this.commands);
      say(refusal, refused);
      toast(refused || `Released: ${label}`);
    } }, "Release");
  }

  show() {
    const slots = this.commands.map((name) => this.live.slots(name));
    this.button.hidden = !slots.some((some) => some.some((slot) => slot.priority === OPERATOR));
    const top = new Set(slots.map((some) => (some.length ? `held by ${some[0].source}, priority ${some[0].priority}` : "")));
    top.delete("");
    say(this.words, top.size > 1 ? "held by several" : [...top].join(""));
  }
}

class Row {
  constructor(live, { label, points, feedback, hint, id, commands = points }) {
    this.live = live;
    this.points = points;
    this.feedback = feedback;
    const column = live.column(points[0]);
    this.column = column;
    this.force = make("output", { class: "value", "aria-label": `${label}, in force` }, "–");
    this.asked = make("span", { class: "asked" }, "–");
    this.refusal = make("p", { class: "refusal", role: "alert", id: `${id}-refusal` });
    this.input = make("input", { id, inputmode: "decimal", size: "7", autocomplete: "off", "aria-describedby": `${id}-refusal`, "aria-label": `${label}, new value` });
    this.form = make("form", { class: "set", onsubmit: (event) => this.send(event) }, this.input, make("span", { class: "unit" }, column.unit || ""),
      make("button", { type: "submit" }, "Set"));
    this.hint = make("span", { class: "note" }, hint);
    this.holder = new Holder(live, label, commands, this.refusal);
    this.form.append(this.holder.button);
  }

  async send(event) {
    event.preventDefault();
    const value = typed(this.input.value);
    await this.put(Object.fromEntries(this.points.map((point) => [point, value])), `${this.points[0]} = ${this.input.value}`);
  }

  async put(values, words) {
    const refused = await write(values);
    say(this.refusal, refused);
    this.input.setAttribute("aria-invalid", String(Boolean(refused)));
    if (!refused) {
      this.input.value = "";
      toast(`Taken: ${words}`);
    }
    return !refused;
  }

  range(points) {
    const values = this.live.read(points);
    if (!values.length) {
      return "–";
    }
    const column = this.live.column(points[0]);
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => shown(column, value, true));
    return (low === high ? low : `${low} … ${high}`) + (column.unit ? `\u00a0${column.unit}` : "");
  }

  show() {
    say(this.force, this.range(this.feedback));
    say(this.asked, this.range(this.points));
    this.holder.show();
  }
}

function folded(title, summary, rows) {
  return make("details", {}, make("summary", {}, title, summary), ...rows);
}

export function setpoints(live) {
  const rows = [];
  const one = (points, label, id) => {
    const columns = points.map((point) => live.column(point));
    const row = new Row(live, { label, points, feedback: columns.map((c) => c.feedback), hint: rangeOf(columns[0]), id });
    const standard = make("button", { type: "button", class: "plain", onclick: () =>
      row.put(Object.fromEntries(columns.map((c) => [c.name, c.default])), `${label}: default`) }, "Default");
    row.form.append(standard);
    rows.push(row);
    return make("div", { class: "control" }, make("label", { for: id, class: "what" }, label, row.hint),
      make("span", { class: "pair" }, make("span", {}, "in force ", row.force), make("span", { class: "note" }, "asked ", row.asked), row.holder.words), row.form, row.refusal);
  };
  const home = byId("setpoint-list");
  for (const { signal, words, points } of live.plant.setpoints) {
    home.append(one(points, points.length > 1 ? `${words}, all ${points.length}` : words, `set-${signal}`));
    if (points.length > 1) {
      home.append(folded("One by one: ", words, points.map((point) => one([point], point.replace(".cmd", ""), `set-${point}`))));
    }
  }
  const remote = live.plant.supervisor.find((name) => name.startsWith("remote_enable"));
  const box = make("input", { type: "checkbox", id: "remote", onchange: async () => {
    const refused = await write({ [remote]: box.checked ? 1 : 0 });
    toast(refused || `Setpoint commands are ${box.checked ? "obeyed" : "not obeyed; the defaults hold"}`);
  } });
  const state = make("strong", {}, "–");
  const holder = new Holder(live, "obey setpoint commands", [remote], make("span"));
  home.prepend(make("p", { class: "row" }, make("label", { for: "remote", class: "check" }, box, " obey setpoint commands"), holder.words, holder.button, make("span", {}, "supervision: ", state)));
  live.listen(() => {
    rows.forEach((row) => row.show());
    box.checked = live.value(remote) === 1;
    holder.show();
    say(state, shown(live.column("supervision.fbk"), live.value("supervision.fbk")));
  });
}

class Station {
  constructor(live, names, label, id) {
    this.live = live;
    this.modes = names.map((name) => `${name}.mode`);
    const hands = names.map((name) => `${name}.hand`);
    const feedback = this.modes.map((mode) => live.column(mode).feedback);
    this.row = new Row(live, { label, points: hands, feedback, hint: `hand: ${rangeOf(live.column(hands[0]))}`, id, commands: [...this.modes, ...hands] });
    this.radios = live.column(this.modes[0]).states.map((state, k) => make("input", { type: "radio", name: `mode-${id}`, value: String(k + 1), id: `${id}-${state}`,
      onchange: () => this.choose(k + 1, state) }));
    const choice = make("fieldset", { class: "modes" }, make("legend", { class: "hidden" }, `${label}: mode`),
      ...this.radios.flatMap((radio, k) => [radio, make("label", { for: radio.id }, live.column(this.modes[0]).states[k])]));
    this.mixed = make("span", { class: "note" });
    this.element = make("div", { class: "control" }, make("label", { for: id, class: "what" }, label, this.row.hint),
      make("span", { class: "pair" }, make("span", {}, "is ", this.row.force), make("span", { class: "note" }, "in hand ", this.row.asked), this.row.holder.words),
      make("span", { class: "row" }, choice, this.mixed), this.row.form, this.row.refusal);
  }

  async choose(mode, state) {
    const taken = await this.row.put(Object.fromEntries(this.modes.map((name) => [name, mode])), `${this.modes[0].replace(".mode", "")}: ${state}`);
    if (!taken) {
      this.show();
    }
  }

  show() {
    this.row.show();
    const modes = new Set(this.modes.map((mode) => this.live.value(mode)));
    this.radios.forEach((radio, k) => {
      radio.checked = modes.size === 1 && modes.has(k + 1);
    });
    say(this.mixed, modes.size > 1 ? "not all alike" : "");
    this.element.classList.toggle("away", !(modes.size === 1 && modes.has(3)));
  }
}

export function actuators(live) {
  const stations = [];
  const one = (names, label, id) => {
    const station = new Station(live, names, label, id);
    stations.push(station);
    return station.element;
  };
  const home = byId("actuator-list");
  for (const { signal, words, names } of live.plant.actuators) {
    home.append(one(names, names.length > 1 ? `${words}, all ${names.length}` : words, `act-${signal}`));
    if (names.length > 1) {
      home.append(folded("One by one: ", words, names.map((name) => one([name], name, `act-${name}`))));
    }
  }
  live.listen(() => stations.forEach((station) => station.show()));
}
