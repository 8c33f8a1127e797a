// Pace of the run: pause, step, speed, snapshots; the head of the page.
import { post } from "/static/api.js";
import { typed } from "/static/controls.js";
import { byId, clockOf, duration, hours, make, number, say, shown, toast } from "/static/page.js";

const WORDS = { P_it: "IT power", P_cooling: "cooling power", PUE: "PUE now" };

export function run(live) {
  const refusal = byId("run-refusal");
  let paused = false;
  const act = async (body, words) => {
    const refused = await post("/api/run", body);
    say(refusal, refused);
    if (!refused) {
      toast(words);
    }
  };
  byId("pause").addEventListener("click", () => act({ action: paused ? "resume" : "pause" }, paused ? "Goes on" : "Paused"));
  document.querySelectorAll("[data-step]").forEach((button) =>
    button.addEventListener("click", () => act({ action: "step", n: Number(button.dataset.step) }, `${button.dataset.step} steps done`)));
  byId("speed-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const value = typed(byId("speed").value);
    act({ action: "speed", speed: value }, `Speed ${value}`);
  });
  byId("restore").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) {
      const refused = await post("/api/restore", file);
      say(refusal, refused);
      toast(refused ? "Nothing was restored" : `Restored from ${file.name}`);
      event.target.value = "";
    }
  });
  live.listen(({ run: state }) => {
    paused = state.paused;
    say(byId("pause"), paused ? "Go on" : "Pause");
    byId("speed").placeholder = number(state.speed, state.speed % 1 ? 2 : 0);
    document.querySelectorAll("[data-step]").forEach((button) => {
      button.disabled = !paused;
    });
  });
}

export function head(live) {
  const { plant } = live;
  const clock = clockOf(plant);
  document.title = `${plant.site}: lowlift panel`;
  say(byId("title"), plant.title);
  const hottest = plant.limits.filter((limit) => limit.upper).slice(0, 2);
  const highest = (limit) => {
    const read = live.read(limit.points);
    return shown(live.column(limit.points[0]), read.length ? Math.max(...read) : null);
  };
  const beside = (limit) => {
    const lost = limit.points.length - live.read(limit.points).length;
    const words = [limit.bound === null ? "" : `limit ${shown(live.column(limit.points[0]), limit.bound)}`, lost ? `${lost} of ${limit.points.length} not read` : ""];
    return words.filter(Boolean).join(", ");
  };
  const cards = [
    ...plant.headline.map((name) => ({ words: WORDS[name] ?? name, text: () => shown(live.column(name), live.value(name)), detail: () => "" })),
    ...hottest.map((limit) => ({
      words: limit.name,
      text: () => highest(limit),
      detail: () => beside(limit),
      alarm: () => live.value(limit.alarm) > 0.5,
    })),
    { words: "outdoor wet bulb", text: () => shown(live.column("T_wb"), live.value("T_wb")), detail: () => `dry bulb ${shown(live.column("T_db"), live.value("T_db"))}` },
  ].map((card) => ({ ...card, value: make("p", { class: "value" }, "–"), small: make("p", { class: "detail" }) }));
  for (const card of cards) {
    card.element = make("div", { class: "card" }, make("p", { class: "words" }, card.words), card.value, card.small);
    byId("cards").append(card.element);
  }
  live.linkListeners.push((state) => {
    say(byId("link"), state);
    byId("link").classList.toggle("bad", state !== "live");
    document.body.classList.toggle("stale", state !== "live");
  });
  live.listen(({ t, run: state }) => {
    say(byId("clock"), hours(clock(t)));
    say(byId("elapsed"), duration(t));
    say(byId("pace"), state.failure ? "failed" : state.paused ? "paused" : `${number(state.speed, state.speed % 1 ? 2 : 0)} × real time`);
    byId("failure").hidden = !state.failure;
    say(byId("failure"), state.failure ? `The plant has failed: ${state.failure}` : "");
    for (const card of cards) {
      say(card.value, card.text());
      say(card.small, card.detail());
      card.element.classList.toggle("alarm", Boolean(card.alarm?.()));
    }
  });
}
