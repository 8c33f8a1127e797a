// Small helpers: elements, numbers, times.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

// Text nodes are only touched where they change: screen readers and the layout stay calm.
export function say(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function number(value, digits) {
  if (value === null || value === undefined) {
    return "–";
  }
  const [whole, rest] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  const sign = value < 0 && Number(value.toFixed(digits)) !== 0 ? "−" : "";
  return sign + grouped + (rest ? `.${rest}` : "");
}

export function shown(column, value, bare = false) {
  if (value === null || value === undefined) {
    return "–";
  }
  if (column.states && column.states.length) {
    return column.states[Math.round(value) - (column.kind === "multistate" ? 1 : 0)] ?? String(value);
  }
  const text = number(value, column.digits);
  return bare || !column.unit ? text : `${text}\u00a0${column.unit}`;
}

export function duration(seconds) {
  const s = Math.round(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const days = Math.floor(s / 86400);
  return `${days ? `${days} d ` : ""}${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

// The site's own clock, from plant time: the scenario begins again at its end.
export function clockOf(plant) {
  const zone = /([+-])(\d\d):(\d\d)$/.exec(plant.begin);
  const offset = zone ? (zone[1] === "-" ? -1 : 1) * (60 * zone[2] + 1 * zone[3]) * 60000 : 0;
  const begin = Date.parse(plant.begin) + offset;
  return (t) => new Date(begin + 1000 * (t % plant.span));
}

export const hours = (date, seconds = true) => date.toISOString().slice(11, seconds ? 19 : 16);

let toastTimer = 0;
export function toast(text) {
  const element = byId("toast");
  element.textContent = text;
  element.classList.add("up");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => element.classList.remove("up"), 4000);
}
