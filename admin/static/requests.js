// The countdowns of /requests, in working time. Says durations in the same words as admin/times.py.
(() => {
  const NBSP = "\u00a0";
  const SECONDS_MATTER = 5 * 60;
  const RETRY = 15000;
  const list = document.getElementById("requests");
  const stale = document.getElementById("stale");
  let loadedAt = Date.now();
  let nextLook;

  function duration(seconds) {
    const total = Math.floor(Math.abs(seconds) / 60);
    const hours = Math.floor(total / 60);
    const minutes = total % 60;
    const rest = Math.abs(seconds) % 60;
    let words;
    if (hours) words = `${hours} ч ${String(minutes).padStart(2, "0")} мин`;
    else if (total * 60 >= SECONDS_MATTER) words = `${total} мин`;
    else words = total ? `${total} мин ${String(rest).padStart(2, "0")} с` : `${rest} с`;
    return words.replaceAll(" ", NBSP);
  }

  // Only differences count, so it does not matter what the browser believes the time to be.
  function tick() {
    const passed = Math.floor((Date.now() - loadedAt) / 1000);
    for (const item of list.querySelectorAll("[data-left]")) {
      if (item.dataset.runs !== "yes") continue;
      const counted = item.dataset.stopsIn === undefined ? passed : Math.min(passed, Number(item.dataset.stopsIn));
      const left = Number(item.dataset.left) - counted;
      const words = left < 0 ? `просрочено на ${duration(left)}` : `осталось ${duration(left)}`;
      if (item.textContent !== words) item.textContent = words;
    }
  }

  function look() {
    htmx.trigger(list, "refresh");
  }

  // Warnings, deadlines, closing and opening time change rows without any commit.
  function planNextLook(seconds) {
    clearTimeout(nextLook);
    if (seconds === undefined) return;
    const wait = Math.min(Math.max(Number(seconds), 2) * 1000 + 500 + Math.random() * 1000, 2 ** 31 - 1);
    nextLook = setTimeout(look, wait);
  }

  function loaded() {
    const fresh = list.querySelector("[data-loaded]");
    loadedAt = Date.now();
    stale.hidden = Boolean(fresh) || !list.querySelector(".requests");
    planNextLook(fresh?.dataset.refreshIn);
    const spoken = document.getElementById("spoken");
    const words = list.querySelector("[data-spoken]")?.dataset.spoken.trim() ?? "";
    // The first reading is the page itself; only changes are announced.
    if (spoken.dataset.last !== undefined && spoken.dataset.last !== words) spoken.textContent = words;
    spoken.dataset.last = words;
    tick();
  }

  function failed() {
    stale.hidden = false;
    clearTimeout(nextLook);
    nextLook = setTimeout(look, RETRY);
  }

  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) list.addEventListener(failure, failed);
  list.addEventListener("htmx:afterSwap", loaded);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-refresh]")) return;
    event.preventDefault();
    look();
  });
  setInterval(tick, 1000);
  loaded();
  if (!list.querySelector("[data-loaded]")) nextLook = setTimeout(look, RETRY);
})();
