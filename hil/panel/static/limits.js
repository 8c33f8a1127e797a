// Whether a value is beyond one of its limits, or near it.
const NEAR = 1.0;

export class Limits {
  constructor(live) {
    this.live = live;
    this.byPoint = new Map();
    for (const limit of live.plant.limits) {
      for (const point of limit.points) {
        this.byPoint.set(point, [...(this.byPoint.get(point) ?? []), limit]);
      }
    }
  }

  bound(limit) {
    const follows = limit.follows && this.live.value(limit.follows);
    return limit.follows ? (follows === null || follows === undefined ? null : follows + limit.margin) : limit.bound;
  }

  of(point) {
    return this.byPoint.get(point) ?? [];
  }

  // "over", "near" or "".
  state(points) {
    let worst = "";
    for (const point of points) {
      const value = this.live.value(point);
      for (const limit of this.of(point)) {
        const bound = this.bound(limit);
        if (bound === null || value === null || value === undefined) {
          continue;
        }
        const over = limit.upper ? value - bound : bound - value;
        if (over > 0) {
          return "over";
        }
        worst = over > -NEAR ? "near" : worst;
      }
    }
    return worst;
  }
}
