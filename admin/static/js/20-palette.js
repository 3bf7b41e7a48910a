// The palette: what is typed is looked up, arrows go through what was found, Enter opens it.
(() => {
  const found = (palette) => [...palette.querySelectorAll("[role=option]")];

  function mark(palette, index) {
    const options = found(palette);
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const field = palette.querySelector("input");
    if (options[index]) {
      field.setAttribute("aria-activedescendant", options[index].id);
      options[index].scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  }

  function markedOf(palette) {
    return found(palette).findIndex((option) => option.getAttribute("aria-selected") === "true");
  }

  BuhBot.onto("#palette", (palette) => {
    const field = palette.querySelector("input");
    palette.addEventListener("htmx:afterSwap", () => {
      // htmx makes its own of new links a moment later; Enter may be quicker, and would load the page anew.
      htmx.process(palette);
      mark(palette, 0);
    });
    palette.addEventListener("submit", (event) => {
      event.preventDefault();
      found(palette)[markedOf(palette)]?.click();
    });
    palette.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const count = found(palette).length;
      if (count) mark(palette, (markedOf(palette) + step + count) % count);
    });
    palette.addEventListener("click", (event) => event.target.closest("[role=option]") && palette.close());
    palette.addEventListener("toggle", () => palette.open && htmx.trigger(field, "opened"));
    // Emptied on leaving: what is typed while it opens is kept.
    palette.addEventListener("close", () => (field.value = ""));
  });
})();
