// The live state: one message after another, given to whoever listens.
import { get } from "/static/api.js";

export class Live {
  constructor(plant) {
    this.plant = plant;
    this.index = new Map(plant.columns.map((column, k) => [column.name, k]));
    this.values = [];
    this.t = 0;
    this.held = {};
    this.listeners = [];
    this.linkListeners = [];
  }

  column(name) {
    return this.plant.columns[this.index.get(name)];
  }

  value(name) {
    return this.values[this.index.get(name)];
  }

  // Values of some points; what is no number, a lost reading or one of a failed plant, is left out.
  read(names) {
    return names.map((name) => this.value(name)).filter((value) => value !== null && value !== undefined);
  }

  // Filled slots of a command, the one in force first.
  slots(name) {
    return this.held[name] ?? [];
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  link(state) {
    this.linkListeners.forEach((listener) => listener(state));
  }

  open() {
    const source = new EventSource("/api/stream");
    source.onopen = () => this.link("live");
    source.onmessage = (event) => {
      const message = JSON.parse(event.data);
      this.values = message.values;
      this.t = message.t;
      this.held = message.held ?? this.held;
      this.listeners.forEach((listener) => listener(message));
    };
    const lost = () => {
      source.close();
      this.link("lost, trying again");
      setTimeout(() => this.again(), 2000);
    };
    source.onerror = lost;
    source.addEventListener("end", lost);
  }

  async again() {
    try {
      await get("/api/state");
    } catch {
      setTimeout(() => this.again(), 2000);
      return;
    }
    this.open();
  }
}
