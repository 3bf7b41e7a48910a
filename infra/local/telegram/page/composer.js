// Where one writes: who, what, in answer to what, and as if when.

import { avatar, byId, el } from "./dom.js";
import { fullTime } from "./time.js";
import { brief, fullName } from "./words.js";

const text = byId("text");
const when = byId("when");
const custom = byId("when-custom");
let context = null; // {kind: "reply" | "edit", message}

/** Telegram's date of what is about to be written: {} is now. */
export function chosenTime() {
  if (when.value === "custom") {
    const moment = Date.parse(custom.value);
    // Nothing is written in the future: a later answer would count for every question until then.
    return Number.isNaN(moment) || moment > Date.now() ? {} : { date: Math.floor(moment / 1000) };
  }
  return when.value === "0" ? {} : { minutes_ago: Number(when.value) };
}

function showTime() {
  custom.hidden = when.value !== "custom";
  if (!custom.hidden && !custom.value) {
    const local = new Date(Date.now() - new Date().getTimezoneOffset() * 60000);
    custom.value = local.toISOString().slice(0, 16);
  }
  const { date, minutes_ago: ago } = chosenTime();
  const moment = date ?? (ago ? Date.now() / 1000 - ago * 60 : null);
  byId("when-note").textContent = moment ? `в чате будет: ${fullTime(moment).toLowerCase()}` : "";
  when.parentElement.toggleAttribute("data-shifted", moment !== null);
}

export function setContext(kind, message) {
  context = message ? { kind, message } : null;
  byId("context").hidden = !context;
  if (!context) return;
  byId("context-title").textContent = kind === "edit" ? "Изменение сообщения" : `Ответ: ${fullName(message.from)}`;
  byId("context-text").textContent = brief(message);
  if (kind === "edit") text.value = message.text ?? message.caption ?? "";
  text.focus();
}

function personButton(person, chosenId, onChoose) {
  const chosen = person.id === chosenId;
  return el(
    "button",
    {
      type: "button", role: "radio", "aria-checked": String(chosen), tabindex: chosen ? "0" : "-1",
      "data-person": person.id, title: fullName(person), onclick: () => onChoose(person.id),
    },
    avatar(person.id, fullName(person), "small"),
    person.first_name,
    person.role && el("small", {}, person.role),
  );
}

/** Offer the people who may write here; arrow keys move between them. */
export function showPeople(people, chosenId, onChoose) {
  const box = byId("who");
  const key = JSON.stringify([people.map((person) => [person.id, fullName(person), person.role]), chosenId]);
  if (box.dataset.key === key) return;
  const hadFocus = box.contains(document.activeElement);
  box.dataset.key = key;
  box.replaceChildren(...people.map((person) => personButton(person, chosenId, onChoose)));
  const chosen = box.querySelector('[aria-checked="true"]');
  chosen?.scrollIntoView({ block: "nearest", inline: "nearest" });
  if (hadFocus) chosen?.focus();
}

function moveBetweenPeople(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const buttons = [...byId("who").children];
  const now = buttons.indexOf(document.activeElement);
  buttons[(now + step + buttons.length) % buttons.length]?.click();
}

function toggleMenu(open) {
  byId("attach-menu").hidden = !open;
  byId("attach").setAttribute("aria-expanded", String(open));
}

/** Wire the form up; `act.say`, `act.edit`, `act.send` do the work and fail by throwing. */
export function startComposer(act) {
  const send = async (work) => {
    try {
      await work();
      text.value = "";
      setContext(null, null);
      // The next message is of now again: an answer "70 minutes ago" by mistake would spoil the story.
      when.value = "0";
      showTime();
        } catch (error) {
      act.fail(error);
    }
    text.focus();
  };
  const more = () => ({ ...chosenTime(), ...(context?.kind === "reply" ? { reply_to: context.message.message_id } : {}) });

  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const words = text.value.trim();
    if (!words) return text.focus();
    const editing = context?.kind === "edit" ? context.message : null;
    return send(() => (editing ? act.change(editing, words, chosenTime()) : act.say(words, more())));
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") setContext(null, null);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("composer").requestSubmit();
  });
  byId("context-drop").addEventListener("click", () => setContext(null, null));
  byId("attach").addEventListener("click", () => toggleMenu(byId("attach-menu").hidden));
  byId("attach-menu").addEventListener("click", (event) => {
    const kind = event.target.closest("[data-kind]")?.dataset.kind;
    if (!kind) return;
    toggleMenu(false);
    const caption = kind === "sticker" ? "" : text.value.trim();
    send(() => act.send(kind, { ...more(), ...(caption ? { caption } : {}) }));
  });
  document.addEventListener("click", (event) => event.target.closest(".attach") || toggleMenu(false));
  document.addEventListener("keydown", (event) => event.key === "Escape" && toggleMenu(false));
  byId("who").addEventListener("keydown", moveBetweenPeople);
  when.addEventListener("change", showTime);
  custom.addEventListener("input", showTime);
  showTime();
}
