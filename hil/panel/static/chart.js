// A line chart on a canvas, in the colours of the page.
import { hours, number } from "/static/page.js";

const LEFT = 54, RIGHT = 10, TOP = 8, BOTTOM = 24;

export function ticks(low, high, most) {
  const rough = (high - low) / most || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= rough);
  const result = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-9; v += step) {
    result.push(v);
  }
  return { step, values: result };
}

const TIME_STEPS = [10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200];

export class Chart {
  constructor(canvas, clock) {
    this.canvas = canvas;
    this.clock = clock;
  }

  // lines: [{t, v, colour, dash}], bounds: [{value, name}], from..to: seconds, now: where the plan begins to be the future.
  draw({ lines, bounds, from, to, now, digits }) {
    const { canvas } = this;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) {
      return;
    }
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const css = getComputedStyle(document.documentElement);
    const colour = (name) => css.getPropertyValue(name).trim();
    pen.font = "12px system-ui, sans-serif";
    const [low, high] = this.extent(lines, from, to, digits);
    const x = (t) => LEFT + ((t - from) / (to - from)) * (width - LEFT - RIGHT);
    const y = (v) => height - BOTTOM - ((v - low) / (high - low)) * (height - TOP - BOTTOM);

    pen.lineWidth = 1;
    pen.strokeStyle = colour("--grid");
    pen.fillStyle = colour("--muted");
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    const marks = ticks(low, high, Math.max(2, Math.floor(height / 45)));
    const after = Math.max(0, -Math.floor(Math.log10(marks.step) + 1e-9));
    for (const v of marks.values) {
      pen.beginPath();
      pen.moveTo(LEFT, Math.round(y(v)) + 0.5);
      pen.lineTo(width - RIGHT, Math.round(y(v)) + 0.5);
      pen.stroke();
      pen.fillText(number(v, after), LEFT - 6, y(v));
    }
    pen.textBaseline = "top";
    pen.textAlign = "center";
    const wanted = (to - from) / Math.max(2, Math.floor(width / 110));
    const step = TIME_STEPS.find((s) => s >= wanted) ?? 86400;
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      if (t >= 0 && x(t) > LEFT + 16 && x(t) < width - 24) {
        pen.fillText(hours(this.clock(t), step < 60), x(t), height - BOTTOM + 6);
      }
    }
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, TOP - 2, width - LEFT - RIGHT, height - TOP - BOTTOM + 4);
    pen.clip();
    pen.strokeStyle = pen.fillStyle = colour("--bad");
    pen.setLineDash([6, 4]);
    pen.textAlign = "right";
    for (const bound of bounds) {
      if (bound.value >= low && bound.value <= high) {
        this.path(pen, [from, to], [bound.value, bound.value], x, y);
        pen.textBaseline = y(bound.value) < TOP + 16 ? "top" : "bottom";
        pen.fillText(bound.name, width - RIGHT - 4, y(bound.value) + (pen.textBaseline === "top" ? 2 : -2));
      }
    }
    if (now < to) {
      pen.strokeStyle = colour("--muted");
      pen.setLineDash([2, 3]);
      this.path(pen, [now, now], [low, high], x, y);
    }
    pen.lineWidth = 1.8;
    pen.lineJoin = "round";
    for (const line of lines) {
      pen.strokeStyle = colour(line.colour);
      pen.setLineDash(line.dash ? [7, 4] : []);
      this.path(pen, line.t, line.v, x, y, line.steps);
    }
    pen.restore();
  }

  extent(lines, from, to, digits) {
    let low = Infinity, high = -Infinity;
    for (const { t, v } of lines) {
      for (let k = 0; k < v.length; k += 1) {
        if (v[k] !== null && t[k] >= from && t[k] <= to) {
          low = Math.min(low, v[k]);
          high = Math.max(high, v[k]);
        }
      }
    }
    if (low > high) {
      [low, high] = [0, 1];
    }
    const pad = Math.max((high - low) * 0.12, 2 * 10 ** -digits);
    return [low - pad, high + pad];
  }

  path(pen, t, v, x, y, steps = false) {
    pen.beginPath();
    let down = false;
    for (let k = 0; k < v.length; k += 1) {
      if (v[k] === null) {
        down = false;
      } else if (down) {
        if (steps) {
          pen.lineTo(x(t[k]), y(v[k - 1]));
        }
        pen.lineTo(x(t[k]), y(v[k]));
      } else {
        pen.moveTo(x(t[k]), y(v[k]));
        down = true;
      }
    }
    if (steps && v.length && t.length > v.length) {
      pen.lineTo(x(t[v.length]), y(v[v.length - 1]));
    }
    pen.stroke();
  }
}
