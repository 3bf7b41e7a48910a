// The messages of the open chat. Only what changed is drawn again, so that focus and scroll stay where they are.

import { avatar, byId, el, icon } from "./dom.js";
import { clockTime, dayKey, dayName, fullTime } from "./time.js";
import { brief, fullName, mediaKind, mediaName, safeUrl, serviceText, words } from "./words.js";

const drawn = new Map();
let shownChat = null;

function media(message) {
  const kind = mediaKind(message);
  if (!kind) return null;
  if (kind === "sticker") return el("div", { class: "sticker" }, message.sticker.emoji);
  const glyph = { photo: "photo", voice: "voice" }[kind] ?? "file";
  const name = message[kind].file_name ?? mediaName(kind);
  const length = message[kind].duration ? `0:${String(message[kind].duration).padStart(2, "0")}` : null;
  const about = kind === "photo" ? null : el("div", {}, name, length && el("small", {}, length));
  return el("div", { class: `media ${kind}` }, el("div", { class: "tile" }, icon(glyph)), about);
}

function keyboard(message, act) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  const button = (one) => {
    const url = safeUrl(one.url);
    if (one.url) return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, one.text, icon("link"));
    return el("button", { type: "button", onclick: (event) => act.press(message, one.text, event.currentTarget) }, one.text);
  };
  return el("div", { class: "keyboard" }, rows.map((row) => el("div", {}, row.map(button))));
}

function reactions(message, personId, act) {
  const counts = new Map();
  for (const list of Object.values(message.reactions)) {
    for (const emoji of list) counts.set(emoji, (counts.get(emoji) ?? 0) + 1);
  }
  if (!counts.size) return null;
  const mine = message.reactions[personId] ?? [];
  const one = ([emoji, count]) =>
    el("button", { type: "button", "aria-pressed": String(mine.includes(emoji)), onclick: () => act.react(message, emoji) }, `${emoji} ${count}`);
  return el("div", { class: "reactions" }, [...counts].map(one));
}

function quoted(message) {
  const original = message.reply_to_message;
  if (!original) return null;
  return el("div", { class: "quoted" }, el("b", {}, fullName(original.from)), el("span", {}, brief(original)));
}

function actions(message, personId, act) {
  const button = (name, label, onclick) =>
    el("button", { type: "button", class: "icon", title: label, "aria-label": label, onclick }, icon(name));
  return el(
    "div",
    { class: "actions" },
    button("reply", "Ответить", () => act.reply(message)),
    button("thumb", "Поставить 👍", () => act.react(message, "👍")),
    message.from.id === personId && (message.text || message.caption) && button("edit", "Изменить", () => act.edit(message)),
  );
}

function draw(message, state, personId, act) {
  const service = serviceText(message);
  if (service) return el("div", { class: "service" }, service);
  const role = message.from.is_bot ? "бот" : state.people.find((one) => one.id === message.from.id)?.role;
  const topic = message.message_thread_id ? `тема ${message.message_thread_id}` : null;
  const foot = [topic, message.edit_date ? "изменено" : null].filter(Boolean).join(" · ");
  const bubble = el(
    "div",
    { class: "bubble" },
    el("div", { class: "author" }, fullName(message.from), role && el("small", {}, role)),
    quoted(message),
    media(message),
    words(message),
    reactions(message, personId, act),
    el("div", { class: "foot" }, foot, el("time", { title: fullTime(message.date), datetime: new Date(message.date * 1000).toISOString() }, clockTime(message.date))),
  );
  return el(
    "article",
    { class: message.from.id === personId ? "message mine" : "message", tabindex: "-1", "data-message": message.message_id },
    avatar(message.from.id, fullName(message.from)),
    el("div", { class: "stack" }, bubble, keyboard(message, act)),
    actions(message, personId, act),
  );
}

function drawOnce(message, state, personId, act) {
  const key = JSON.stringify([message, personId]);
  const before = drawn.get(message.message_id);
  if (before?.key === key) return before.node;
  const node = draw(message, state, personId, act);
  drawn.set(message.message_id, { key, node });
  return node;
}

function empty(chat, state) {
  const person = state.people.find((one) => one.id === chat.id);
  const hint = person
    ? person.started && "Напишите боту, например /help."
    : "Выберите внизу, кто пишет, и отправьте первое сообщение.";
  return el("div", { class: "empty" }, el("b", {}, "Здесь пока тихо"), hint && el("span", {}, hint));
}

function lines(messages, state, personId, act) {
  const nodes = [];
  let before = null;
  for (const message of messages) {
    const newDay = !before || dayKey(before.date) !== dayKey(message.date);
    if (newDay) nodes.push(el("div", { class: "day" }, dayName(message.date)));
    const node = drawOnce(message, state, personId, act);
    const follows = !newDay && before.from.id === message.from.id && !serviceText(before);
    node.classList.toggle("follows", follows);
    nodes.push(node);
    before = message;
  }
  return nodes;
}

/** Put the nodes in place, moving only those that are not there yet. */
function settle(box, nodes) {
  nodes.forEach((node, index) => {
    if (box.children[index] !== node) box.insertBefore(node, box.children[index] ?? null);
  });
  while (box.children.length > nodes.length) box.lastElementChild.remove();
}

export function showMessages(chat, messages, state, personId, act) {
  const box = byId("messages");
  const fresh = shownChat !== chat.id;
  if (fresh) {
    shownChat = chat.id;
    drawn.clear();
  }
  const atEnd = fresh || box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  settle(box, messages.length ? lines(messages, state, personId, act) : [empty(chat, state)]);
  if (atEnd) box.scrollTop = box.scrollHeight;
}
