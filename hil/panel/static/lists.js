// Alarms, faults, events, all points.
import { post } from "/static/api.js";
import { byId, clockOf, duration, hours, make, say, shown, toast } from "/static/page.js";

export function alarms(live) {
  const items = live.plant.alarms.map(({ point, words }) => {
    const state = make("strong", {}, "–");
    const element = make("li", {}, make("span", {}, words.replace("beyond the limit", "limit")), state);
    byId("alarm-list").append(element);
    return { point, words, element, state, on: null, told: null };
  });
  // An alarm that a lost reading may hide is lost as well.
  const now = (item) => {
    const [value] = live.read([item.point]);
    return value === undefined ? null : value > 0.5;
  };
  let before = 0;
  live.listen(() => {
    const news = [];
    for (const item of items) {
      const on = now(item);
      say(item.state, on === null ? "unknown" : on ? "▲ alarm" : "normal");
      item.element.classList.toggle("on", on === true);
      item.element.classList.toggle("unknown", on === null);
      if (on !== null && item.told !== null && item.told !== on) {
        news.push(`${on ? "Alarm" : "Normal again"}: ${item.words}`);
      }
      item.on = on;
      item.told = on ?? item.told;
    }
    const count = items.filter((item) => item.on).length, unknown = items.filter((item) => item.on === null).length;
    if (unknown > before) {
      news.push(`${unknown} of ${items.length} alarms unknown`);
    }
    before = unknown;
    const words = [count ? `▲ ${count} ${count === 1 ? "alarm" : "alarms"}` : "", unknown ? `${unknown} of ${items.length} unknown` : ""];
    say(byId("alarm-count"), words.filter(Boolean).join(", ") || "no alarms");
    byId("alarm-count").classList.toggle("on", count + unknown > 0);
    if (news.length) {
      say(byId("alarm-news"), news.join(". "));
    }
  });
}

export function faults(live) {
  if (!live.plant.faults) {
    document.querySelectorAll("[data-needs=faults]").forEach((element) => element.remove());
    return;
  }
  const home = byId("fault-list");
  let buttons = new Map();
  const press = async (name) => {
    const on = buttons.get(name).getAttribute("aria-pressed") !== "true";
    const refused = await post("/api/fault", { name, on });
    say(byId("fault-refusal"), refused);
    if (!refused) {
      toast(`Fault ${name}: ${on ? "on" : "off"}`);
    }
  };
  const build = (list) => {
    buttons = new Map();
    home.replaceChildren();
    const groups = new Map();
    for (const fault of list) {
      if (!groups.has(fault.group)) {
        const group = make("div", { class: "faults" });
        groups.set(fault.group, group);
        home.append(...(fault.group ? [make("h3", {}, fault.group)] : []), group);
      }
      const button = make("button", { type: "button", class: "fault", "aria-pressed": "false", onclick: () => press(fault.name) },
        make("strong", {}, fault.name), make("span", {}, fault.words));
      buttons.set(fault.name, button);
      groups.get(fault.group).append(button);
    }
    if (!list.length) {
      home.append(make("p", { class: "note" }, "No fault is listed for this run."));
    }
  };
  let known = null;
  live.listen(({ faults: list }) => {
    const names = list.map((fault) => fault.name).join("\n");
    if (names !== known) {
      known = names;
      build(list);
    }
    for (const fault of list) {
      const button = buttons.get(fault.name);
      if (button.getAttribute("aria-pressed") !== String(fault.active)) {
        button.setAttribute("aria-pressed", String(fault.active));
      }
    }
  });
}

const EVENTS_KEPT = 500;

export function events(live) {
  const clock = clockOf(live.plant);
  const list = byId("event-list"), filter = byId("event-filter");
  const kinds = new Set();
  const fits = (row) => !filter.value || row.dataset.kind === filter.value;
  filter.addEventListener("change", () => [...list.children].forEach((row) => {
    row.hidden = !fits(row);
  }));
  let first = true;
  live.linkListeners.push(() => {
    first = true;
  });
  live.listen(({ events: fresh, refused }) => {
    if (first) {
      // After a lost link the server tells the newest ones again.
      list.replaceChildren();
      first = false;
    }
    for (const event of fresh) {
      if (!kinds.has(event.kind)) {
        kinds.add(event.kind);
        filter.append(make("option", { value: event.kind }, event.kind));
      }
      const row = make("tr", { "data-kind": event.kind }, make("td", { class: "time", title: `plant time ${duration(event.t)}` }, hours(clock(event.t))),
        make("td", {}, make("span", { class: `kind kind-${event.kind}` }, event.kind)), make("td", {}, event.source), make("td", {}, event.point), make("td", { class: "words" }, event.text));
      row.hidden = !fits(row);
      list.prepend(row);
    }
    while (list.children.length > EVENTS_KEPT) {
      list.lastChild.remove();
    }
    say(byId("refused"), `${refused} ${refused === 1 ? "write" : "writes"} refused since the start`);
  });
}

export function allPoints(live, trends) {
  const rows = live.plant.columns.map((column) => {
    const value = make("td", { class: "number" }, "–");
    const element = make("tr", {}, make("th", { scope: "row" }, column.name), value, make("td", { class: "unit" }, column.unit), make("td", { class: "words" }, column.words),
      make("td", { class: "act" }, make("button", { type: "button", class: "plain", "aria-label": `Trend of ${column.name}`, onclick: () => trends.add([column.name]) }, "trend")));
    return { column, value, element, text: `${column.name} ${column.words}`.toLowerCase() };
  });
  byId("point-list").append(...rows.map((row) => row.element));
  byId("point-filter").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    rows.forEach((row) => {
      row.element.hidden = !row.text.includes(wanted);
    });
  });
  let visible = false;
  new IntersectionObserver((entries) => {
    visible = entries.some((entry) => entry.isIntersecting);
  }).observe(byId("points"));
  live.listen(() => {
    if (visible) {
      rows.forEach(({ column, value }) => say(value, shown(column, live.value(column.name), true)));
    }
  });
}
