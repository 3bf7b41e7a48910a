// Talks to the simulator's control API.

async function read(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.message ?? `ошибка ${response.status}`);
  return body;
}

export const get = async (name, query = {}) => read(await fetch(`/_sim/${name}?${new URLSearchParams(query)}`));

export const post = async (name, body) =>
  read(await fetch(`/_sim/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }));

/** Call back with every hint, and with null whenever the connection comes or goes. */
export function listen(onHint, onConnection) {
  const stream = new EventSource("/_sim/events");
  stream.addEventListener("message", (event) => onHint(JSON.parse(event.data)));
  stream.addEventListener("open", () => onConnection(true));
  stream.addEventListener("error", () => onConnection(false));
}
