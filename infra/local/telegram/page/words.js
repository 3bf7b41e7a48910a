// Shows a message's words with Telegram's marks. Offsets count UTF-16 units, as JavaScript strings do.

import { el } from "./dom.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

/** Only links that a browser opens safely. */
export const safeUrl = (url) => (/^https?:\/\//i.test(url ?? "") ? url : null);

function marked(entity, text, children) {
  if (entity.type === "spoiler") return el("span", { class: "spoiler" }, children);
  const href = entity.type === "text_link" ? safeUrl(entity.url) : entity.type === "url" ? safeUrl(text) : null;
  if (href) return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, children);
  const tag = TAGS[entity.type];
  return tag ? el(tag, {}, children) : el("span", {}, children);
}

function piece(text, entities, from, to) {
  const nodes = [];
  let at = from;
  let rest = entities;
  while (rest.length) {
    const [first, ...others] = rest;
    const end = Math.min(first.offset + first.length, to);
    const inside = others.filter((one) => one.offset < end);
    nodes.push(text.slice(at, first.offset));
    nodes.push(marked(first, text.slice(first.offset, end), piece(text, inside, first.offset, end)));
    at = end;
    rest = others.filter((one) => one.offset >= end);
  }
  nodes.push(text.slice(at, to));
  return nodes;
}

export function words(message) {
  const text = message.text ?? message.caption;
  if (!text) return null;
  const entities = message.entities ?? message.caption_entities ?? [];
  return el("div", { class: "words" }, piece(text, entities, 0, text.length));
}

const MEDIA = {
  photo: "Фото", voice: "Голосовое", video: "Видео", audio: "Аудио", video_note: "Кружок", animation: "GIF",
  document: "Документ", sticker: "Стикер", live_photo: "Живое фото", paid_media: "Платный файл", venue: "Место",
  location: "Геопозиция", contact: "Контакт", poll: "Опрос", dice: "Кубик", story: "История", checklist: "Список дел",
  game: "Игра", invoice: "Счёт",
};

export const mediaKind = (message) => Object.keys(MEDIA).find((kind) => message[kind]);
export const mediaName = (kind) => MEDIA[kind];

/** One line of a message, for lists and replies. */
export function brief(message) {
  const service = serviceText(message);
  if (service) return service;
  const kind = mediaKind(message);
  const text = message.text ?? message.caption ?? "";
  if (kind === "sticker") return `${message.sticker.emoji} Стикер`;
  return kind ? [MEDIA[kind], text].filter(Boolean).join(": ") : text;
}

export function fullName(user) {
  return [user.first_name, user.last_name].filter(Boolean).join(" ");
}

/** What a service message says, or nothing for an ordinary one. */
export function serviceText(message) {
  const who = fullName(message.from);
  const names = (users) => users.map(fullName).join(", ");
  if (message.new_chat_members) return `${names(message.new_chat_members)}: теперь в чате`;
  if (message.left_chat_member) return `${fullName(message.left_chat_member)}: больше не в чате`;
  if (message.new_chat_title) return `${who}: новое название «${message.new_chat_title}»`;
  if (message.migrate_to_chat_id) return "Группа стала супергруппой";
  if (message.migrate_from_chat_id) return "Супергруппа создана из группы";
  if (message.forum_topic_created) return `${who}: тема «${message.forum_topic_created.name}»`;
  if (message.forum_topic_closed) return `${who}: тема закрыта`;
  if (message.forum_topic_reopened) return `${who}: тема открыта снова`;
  return null;
}
