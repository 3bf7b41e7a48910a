// Short words over the chat: the bot's answers to presses, and what went wrong.

import { byId, el } from "./dom.js";

export function toast(text, { mood = null, stays = false } = {}) {
  const close = el("button", { type: "button", onclick: () => shown.remove() }, "Понятно");
  const shown = el("div", { class: stays ? "toast alert" : "toast", "data-mood": mood, role: stays ? "alertdialog" : null }, text, stays && close);
  byId("toasts").append(shown);
  if (!stays) setTimeout(() => shown.remove(), 3500);
}

export const fail = (error) => toast(`Не получилось: ${error.message}`, { mood: "bad" });
