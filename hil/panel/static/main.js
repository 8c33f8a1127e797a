// The page: told once what the plant is, then kept up to date.
import { get, post } from "/static/api.js";
import { actuators, setpoints } from "/static/controls.js";
import { Limits } from "/static/limits.js";
import { alarms, allPoints, events, faults } from "/static/lists.js";
import { byId } from "/static/page.js";
import { head, run } from "/static/run.js";
import { Schematic } from "/static/schematic.js";
import { Live } from "/static/stream.js";
import { Trends } from "/static/trends.js";

const plant = await (await get("/api/plant")).json();
const live = new Live(plant);
const limits = new Limits(live);
head(live);
run(live);
alarms(live);
faults(live);
setpoints(live);
actuators(live);
events(live);
const trends = new Trends(live, limits);
allPoints(live, trends);
await new Schematic(live, limits, trends).load();
await trends.add(plant.trends, true);
if (plant.login) {
  byId("logout").hidden = false;
  byId("logout").addEventListener("click", async () => {
    await post("/api/logout", {});
    location.replace("/login");
  });
}
live.open();
