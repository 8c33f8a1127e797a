// Requests: what changes something carries the header that pages of other origins cannot send.
const OURS = { "X-Lowlift-Panel": "1" };

export async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (answer.status === 401) {
    location.replace("/login");
  }
  if (!answer.ok) {
    throw new Error(await worded(answer));
  }
  return answer;
}

// Returns the server's refusal in its own words, or who is above us where it is taken and not in force, or an empty string.
export async function post(path, body) {
  const raw = body instanceof Blob;
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: raw ? OURS : { ...OURS, "Content-Type": "application/json" },
      body: raw ? body : JSON.stringify(body),
    });
    if (answer.ok) {
      return (await answer.json()).words ?? "";
    }
    if (answer.status === 401 && path !== "/api/login") {
      location.replace("/login");
    }
    return await worded(answer);
  } catch {
    return "The plant does not answer.";
  }
}

export const release = (points) => post("/api/release", { points });

export const write = (values) => post("/api/write", { values });

async function worded(answer) {
  try {
    return (await answer.json()).error;
  } catch {
    return `${answer.status} ${answer.statusText}`;
  }
}
