// The list of chats: groups first, then everybody's private chat with the bot.

import { avatar, byId, el } from "./dom.js";
import { briefTime } from "./time.js";
import { brief, fullName, serviceText } from "./words.js";

export const chatName = (chat) => chat.title ?? fullName(chat);

/** Private chats begin with the person's role; groups say how many people are in them. */
export function chatAbout(chat, state) {
  if (chat.type !== "private") {
    const present = Object.values(chat.members).filter((status) => !["left", "kicked"].includes(status)).length;
    return `${present} ${plural(present, "участник", "участника", "участников")} вместе с ботом`;
  }
  const person = state.people.find((one) => one.id === chat.id);
  return [person?.role, "личный чат с ботом"].filter(Boolean).join(" · ");
}

function plural(count, one, few, many) {
  const rule = new Intl.PluralRules("ru").select(count);
  return { one, few, many }[rule] ?? many;
}

function lastLine(chat, state) {
  if (chat.last_message) {
    const from = chat.last_message.from;
    const nameless = serviceText(chat.last_message) || (chat.type === "private" && !from.is_bot);
    const name = nameless ? "" : `${from.first_name}: `;
    return name + brief(chat.last_message);
  }
  if (chat.type !== "private") return "Сообщений пока нет";
  const person = state.people.find((one) => one.id === chat.id);
  return [person?.role, person?.started ? null : "бот не запущен"].filter(Boolean).join(" · ");
}

function row(chat, state, openId, seen, onOpen) {
  const last = chat.last_message;
  const unread = last?.from.is_bot && last.message_id > (seen[chat.id] ?? 0) && chat.id !== openId;
  const time = last ? el("time", { datetime: new Date(last.date * 1000).toISOString() }, briefTime(last.date)) : el("time");
  const mark = unread ? el("i", { class: "unread", title: "Новое от бота" }) : null;
  return el(
    "button",
    { type: "button", class: "chat", "data-chat": chat.id, "aria-current": chat.id === openId ? "true" : null, onclick: () => onOpen(chat.id) },
    avatar(chat.id, chatName(chat)),
    el("b", {}, chatName(chat)),
    time,
    el("span", { class: "last" }, mark, lastLine(chat, state)),
  );
}

export function showChats(state, openId, seen, onOpen) {
  const shown = state.chats.filter((chat) => !chat.migrated_to);
  const people = new Map(state.people.map((person, index) => [person.id, index]));
  const groups = shown.filter((chat) => chat.type !== "private");
  const privates = shown.filter((chat) => chat.type === "private" && people.has(chat.id));
  privates.sort((a, b) => people.get(a.id) - people.get(b.id));
  const list = (chats) => chats.map((chat) => row(chat, state, openId, seen, onOpen));
  byId("chats").replaceChildren(
    el("h3", {}, "Группы"), ...list(groups),
    el("h3", {}, "Личные чаты с ботом"), ...list(privates),
  );
}
