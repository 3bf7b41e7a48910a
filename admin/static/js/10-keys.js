// The keyboard: `data-key` on a control presses it, and the map under «?» is read from the same attributes.
// In a list with `data-walk`, j and k go from row to row, x chooses the row, Enter opens it.
(() => {
  const PAUSE = 1200;
  const TYPED = "input, select, textarea, [contenteditable]";
  const WALK = "[data-walk] > :not([hidden])";
  const map = () => document.getElementById("keys");
  let before = "";
  let forget;

  const isTyped = (target) => target.matches?.(TYPED) && !target.matches("[type=checkbox], [type=radio], [type=submit]");
  const isShown = (element) => element.offsetParent !== null || element.closest(":popover-open, dialog[open]");

  function nameOf(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    return (event.ctrlKey || event.metaKey ? "ctrl+" : "") + key;
  }

  function press(control) {
    if (control.matches(TYPED)) control.focus();
    else control.click();
  }

  function rowOf(element) {
    return element?.closest?.("[data-walk] > *");
  }

  function walk(step) {
    const rows = [...document.querySelectorAll(WALK)];
    if (!rows.length) return;
    const here = rows.indexOf(rowOf(document.activeElement));
    const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), rows.length - 1);
    const target = rows[next].querySelector("a[href]") ?? rows[next];
    target.focus();
    rows[next].scrollIntoView({ block: "nearest" });
  }

  function choose() {
    rowOf(document.activeElement)?.querySelector("input[type=checkbox]")?.click();
  }

  function showMap() {
    if (!map()) return; // a page of nobody in particular
    const list = map().querySelector("dl");
    const known = new Map(BuhBot.words.keys);
    for (const control of document.querySelectorAll("[data-key][data-key-words]")) {
      known.set(control.dataset.key, control.dataset.keyWords);
    }
    if (document.querySelector(WALK)) for (const [key, words] of BuhBot.words.walk) known.set(key, words);
    list.replaceChildren(
      ...[...known].flatMap(([key, words]) => {
        const term = document.createElement("dt");
        for (const part of key.split(/[ +]/)) {
          const cap = document.createElement("kbd");
          cap.textContent = part === "ctrl" ? "Ctrl" : part;
          term.append(cap, " ");
        }
        const meaning = document.createElement("dd");
        meaning.textContent = words;
        return [term, meaning];
      }),
    );
    map().showModal();
  }

  const own = { "?": showMap, j: () => walk(1), k: () => walk(-1), x: choose };

  function open(id) {
    const dialog = document.getElementById(id);
    if (!dialog.open) dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) open(opener.dataset.open);
    // A click beside an open dialog closes it.
    if (event.target.matches("dialog[open]")) event.target.close();
  });

  document.addEventListener("keydown", (event) => {
    const name = nameOf(event);
    if (event.altKey || (isTyped(event.target) && !name.startsWith("ctrl+"))) return;
    if (document.querySelector("dialog[open]")) return;
    const typed = before ? `${before} ${name}` : name;
    const control = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === typed && isShown(one));
    const begins = [...document.querySelectorAll("[data-key]")].some((one) => one.dataset.key.startsWith(`${name} `));
    clearTimeout(forget);
    before = !before && begins ? name : "";
    forget = setTimeout(() => (before = ""), PAUSE);
    if (!control && !own[typed]) return;
    event.preventDefault();
    if (control) press(control);
    else own[typed]();
  });
})();
