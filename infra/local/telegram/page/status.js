// The quiet line about deliveries, and the two switches behind it.

import { post } from "./api.js";
import { byId, el } from "./dom.js";
import { clockTime } from "./time.js";

function mood(status) {
  const waiting = status.pending ? ` (ждут: ${status.pending})` : "";
  if (!status.webhook) return ["warn", `Бот ещё не подключился${waiting}`];
  if (status.switches.paused) return ["warn", `Доставка приостановлена${waiting}`];
  if (status.failing) return ["bad", `Бот не принимает обновления${waiting}`];
  if (status.pending) return ["warn", `Доставляю боту${waiting}`];
  return ["good", "Бот получил всё"];
}

function facts(status) {
  const hook = status.webhook;
  const list = [["Вебхук", hook?.url ?? "не задан"]];
  if (hook?.last_error_message) list.push(["Последний сбой", `${clockTime(hook.last_error_date)} ${hook.last_error_message}`]);
  if (status.faults.length) list.push(["Заказано сбоев", String(status.faults.reduce((sum, one) => sum + one.times, 0))]);
  return list.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
}

export function showStatus(status) {
  const [look, line] = mood(status);
  byId("status-dot").dataset.mood = look;
  if (byId("status-text").textContent !== line) byId("status-text").textContent = line;
  byId("status-facts").replaceChildren(...facts(status));
  byId("pause").textContent = status.switches.paused ? "Продолжить доставку" : "Приостановить доставку";
  byId("pause").dataset.paused = String(status.switches.paused);
  byId("limits").textContent = status.limits ? "Снять лимиты Telegram" : "Вернуть лимиты Telegram";
  byId("limits").dataset.on = String(status.limits);
}

export function showDisconnected() {
  byId("status-dot").dataset.mood = "bad";
  byId("status-text").textContent = "Нет связи с симулятором, пробую снова…";
}

export function startStatus(fail) {
  const clicked = (id, work) => byId(id).addEventListener("click", (event) => work(event.currentTarget.dataset).catch(fail));
  clicked("pause", ({ paused }) => post("switches", { paused: paused !== "true" }));
  clicked("limits", ({ on }) => post("limits", { on: on !== "true" }));
}
