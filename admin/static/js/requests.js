// The countdowns of /requests, in working time. Says durations in the same words as admin/times.py.
(() => {
  const NBSP = "\u00a0";
  const SECONDS_MATTER = 5 * 60;
  const { words } = BuhBot;
  let list;
  let loadedAt;
  let nextLook;

  const grouped = new Intl.NumberFormat(document.documentElement.lang);

  const filled = (text, given) => text.replace(/\{(\w+)\}/g, (_, name) => given[name]).replaceAll(" ", NBSP);

  function duration(seconds) {
    const total = Math.floor(Math.abs(seconds) / 60);
    const hours = Math.floor(total / 60);
    const given = { seconds: Math.abs(seconds) % 60, minutes: total };
    if (hours) return filled(words.hours, { hours: grouped.format(hours), minutes: String(total % 60).padStart(2, "0") });
    if (total * 60 >= SECONDS_MATTER) return filled(words.minutes, given);
    if (!total) return filled(words.seconds, given);
    return filled(words.minutesSeconds, { ...given, seconds: String(given.seconds).padStart(2, "0") });
  }

  // Only differences count, so it does not matter what the browser believes the time to be.
  function tick() {
    if (!list?.isConnected) return;
    const passed = Math.floor((Date.now() - loadedAt) / 1000);
    for (const item of list.querySelectorAll("[data-left]")) {
      if (item.dataset.runs !== "yes") continue;
      const counted = item.dataset.stopsIn === undefined ? passed : Math.min(passed, Number(item.dataset.stopsIn));
      const left = Number(item.dataset.left) - counted;
      const said = filled(left < 0 ? words.overdue : words.left, { time: duration(left) });
      if (item.textContent !== said) item.textContent = said;
    }
  }

  function look() {
    if (list?.isConnected) htmx.trigger(list, "refresh");
  }

  // Warnings, deadlines, closing and opening time change rows without any commit.
  function planNextLook(seconds) {
    clearTimeout(nextLook);
    if (seconds === undefined) return;
    const wait = Math.min(Math.max(Number(seconds), 2) * 1000 + 500 + Math.random() * 1000, 2 ** 31 - 1);
    nextLook = setTimeout(look, wait);
  }

  function loaded() {
    // Another page has come in its place meanwhile.
    if (!list.isConnected) return;
    const fresh = list.querySelector("[data-loaded]");
    loadedAt = Date.now();
    planNextLook(fresh?.dataset.refreshIn);
    const spoken = document.getElementById("spoken");
    const said = list.querySelector("[data-spoken]")?.dataset.spoken.trim() ?? "";
    // The first reading is the page itself; only changes are announced.
    if (spoken.dataset.last !== undefined && spoken.dataset.last !== said) spoken.textContent = said;
    spoken.dataset.last = said;
    tick();
  }

  BuhBot.onto("#requests", (element) => {
    list = element;
    list.addEventListener("htmx:afterSwap", loaded);
    loaded();
  });
  setInterval(tick, 1000);
})();

// Several rows at once: what is chosen survives a refresh, and a key without a choice means the row one stands on.
(() => {
  let chosen = [];
  let row;

  const bulk = () => document.querySelector("[data-bulk]");
  const boxes = () => [...(bulk()?.querySelectorAll(".choose input") ?? [])];

  function tell() {
    const form = bulk();
    if (!form) return;
    const amount = boxes().filter((box) => box.checked).length;
    form.querySelector(".chosen").textContent = amount ? form.dataset.chosenWords.replace("{n}", amount) : "";
    const all = document.getElementById("all");
    all.checked = amount > 0 && amount === boxes().length;
    all.indeterminate = amount > 0 && !all.checked;
  }

  BuhBot.onto("[data-bulk]", (form) => {
    form.querySelector(".all").hidden = false;
    tell();
  });

  document.addEventListener("change", ({ target }) => {
    if (target.id === "all") for (const box of boxes()) box.checked = target.checked;
    if (target.closest?.("[data-bulk]")) tell();
  });

  // Before anybody else reads the form.
  document.addEventListener(
    "submit",
    ({ target }) => {
      if (!target.matches("[data-bulk]") || boxes().some((box) => box.checked)) return;
      const box = document.activeElement.closest?.("[data-walk] > *")?.querySelector(".choose input");
      if (box) box.checked = true;
    },
    true,
  );

  // «Back» swaps without a target.
  const isOfList = ({ detail }) => detail.target?.id === "requests";

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!isOfList(event)) return;
    chosen = boxes().filter((box) => box.checked).map((box) => box.value);
    row = document.activeElement.closest?.("[data-walk] > *")?.id;
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (!isOfList(event)) return;
    for (const box of boxes()) box.checked = chosen.includes(box.value);
    if (row) document.getElementById(row)?.querySelector("a[href]").focus({ preventScroll: true });
    tell();
  });
})();
