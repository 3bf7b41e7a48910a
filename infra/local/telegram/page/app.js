// The playground: keeps what is open and who writes, and redraws when the simulator says that something changed.

import { get, listen, post } from "./api.js";
import { chatAbout, chatName, showChats } from "./chats.js";
import { setContext, showPeople, startComposer } from "./composer.js";
import { avatar, byId } from "./dom.js";
import { showMessages } from "./messages.js";
import { showDisconnected, showStatus, startStatus } from "./status.js";
import { fail, toast } from "./toasts.js";

const SHOWN_MESSAGES = 200;
const ANSWER_SECONDS = 10;
const remembered = JSON.parse(localStorage.getItem("playground") ?? "{}");
const seen = remembered.seen ?? {}; // chat id → last message id that was on the screen
const writers = remembered.writers ?? {}; // chat id → who wrote there last
let state = null;
let openId = null;

const remember = () => localStorage.setItem("playground", JSON.stringify({ seen, writers }));
const openChat = () => state?.chats.find((chat) => chat.id === openId);

function writersOf(chat) {
  if (chat.type === "private") return state.people.filter((person) => person.id === chat.id);
  const present = (person) => ["creator", "administrator", "member", "restricted"].includes(chat.members[person.id]);
  // Clients first: a story in a chat begins with them.
  const rank = (person) => (person.role === "клиент" || !person.role ? 0 : 1);
  return state.people.filter((person) => !person.is_bot && present(person)).sort((a, b) => rank(a) - rank(b));
}

function writer(chat) {
  const people = writersOf(chat);
  return people.find((person) => person.id === writers[chat.id]) ?? people[0];
}

function chooseWriter(personId) {
  writers[openId] = personId;
  remember();
  redraw();
}

function showHead(chat) {
  byId("chat-title").textContent = chatName(chat);
  byId("chat-about").textContent = chatAbout(chat, state);
  const picture = avatar(chat.id, chatName(chat));
  picture.id = "chat-avatar";
  byId("chat-avatar").replaceWith(picture);
  document.title = `${chatName(chat)} · Песочница Telegram`;
}

/** Private chats that are not open yet, or closed by a block, have one button in place of the composer. */
function showStart(chat, person) {
  const idle = chat.type === "private" && (!person.started || person.blocked);
  byId("composer").hidden = idle;
  byId("start-panel").hidden = !idle;
  byId("block").hidden = idle || chat.type !== "private";
  byId("block").textContent = "Заблокировать";
  byId("start").textContent = person?.blocked ? "Разблокировать" : "Начать";
  byId("start-text").textContent = person?.blocked
    ? "Бот заблокирован: он не может сюда писать."
    : "Пока человек не нажал «Начать», бот не может ему писать.";
}

async function redraw() {
  if (!state) return;
  const chat = openChat();
  byId("layout").toggleAttribute("data-open", Boolean(chat));
  showChats(state, openId, seen, open);
  showStatus(state);
  byId("composer").hidden = !chat;
  if (!chat) return;
  const person = writer(chat);
  showHead(chat);
  showStart(chat, person);
  showPeople(writersOf(chat), person?.id, chooseWriter);
  const { messages } = await get("messages", { chat_id: chat.id, limit: SHOWN_MESSAGES });
  if (chat.id !== openId) return;
  showMessages(chat, messages, state, person?.id, act);
  const last = messages.at(-1)?.message_id ?? 0;
  if (seen[chat.id] !== last) {
    seen[chat.id] = last;
    remember();
  }
}

function open(chatId) {
  location.hash = chatId;
}

function followAddress() {
  const wanted = Number(location.hash.slice(1));
  if (wanted !== openId) setContext(null, null);
  openId = wanted || null;
  redraw().catch(fail);
}

let running = false;
let again = false;

/** Fetch and draw; hints that come meanwhile lead to one more round, not to many. */
async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  try {
    state = await get("state");
    const first = state.chats.find((chat) => chat.type !== "private");
    if (openId === null && first && matchMedia("(min-width: 761px)").matches) open(first.id);
    await redraw();
  } catch {
    showDisconnected();
  }
  running = false;
  if (again) {
    again = false;
    await refresh();
  }
}

async function awaitAnswer(queryId) {
  const end = Date.now() + ANSWER_SECONDS * 1000;
  while (Date.now() < end) {
    const query = await get("query", { id: queryId });
    if (query.answered) return query;
    await new Promise((resume) => setTimeout(resume, 120));
  }
  throw new Error("бот не ответил на нажатие");
}

const here = () => ({ user_id: writer(openChat())?.id, chat_id: openId });

const act = {
  fail,
  say: (text, more) => post("say", { ...here(), text, ...more }),
  send: (kind, more) => post("send", { ...here(), kind, ...more }),
  change: (message, text, more) => post("edit", { ...here(), message_id: message.message_id, text, ...more }),
  reply: (message) => setContext("reply", message),
  edit: (message) => setContext("edit", message),
  react: (message, emoji) => {
    const mine = message.reactions[here().user_id] ?? [];
    const next = mine.includes(emoji) ? [] : [emoji];
    return post("react", { ...here(), message_id: message.message_id, emoji: next }).catch(fail);
  },
  press: async (message, button, pressed) => {
    pressed.setAttribute("aria-busy", "true");
    try {
      const { query_id: id } = await post("press", { ...here(), message_id: message.message_id, button });
      const answer = await awaitAnswer(id);
      if (answer.text) toast(answer.text, { stays: answer.show_alert });
    } catch (error) {
      fail(error);
    }
    pressed.removeAttribute("aria-busy");
  },
};

startComposer(act);
startStatus(fail);
byId("back").addEventListener("click", () => open(""));
byId("block").addEventListener("click", () => post("block", { user_id: openId }).catch(fail));
byId("start").addEventListener("click", () => post("start", { user_id: openId }).catch(fail));
window.addEventListener("hashchange", followAddress);
followAddress();
listen(refresh, (connected) => (connected ? refresh() : showDisconnected()));
