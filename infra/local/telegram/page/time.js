// Times as people read them, in the browser's own zone.

const clock = new Intl.DateTimeFormat("ru", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("ru", { day: "numeric", month: "long" });
const dayWithYear = new Intl.DateTimeFormat("ru", { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat("ru", { day: "2-digit", month: "2-digit" });

const at = (seconds) => new Date(seconds * 1000);
export const dayKey = (seconds) => at(seconds).toDateString();
export const clockTime = (seconds) => clock.format(at(seconds));

function daysAgo(seconds) {
  const start = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((start(new Date()) - start(at(seconds))) / 86400000);
}

export function dayName(seconds) {
  const ago = daysAgo(seconds);
  if (ago === 0) return "Сегодня";
  if (ago === 1) return "Вчера";
  return at(seconds).getFullYear() === new Date().getFullYear() ? day.format(at(seconds)) : dayWithYear.format(at(seconds));
}

/** The time of today, the date of any other day. */
export const briefTime = (seconds) => (daysAgo(seconds) === 0 ? clockTime(seconds) : short.format(at(seconds)));

export const fullTime = (seconds) => `${dayName(seconds)}, ${clockTime(seconds)}`;
