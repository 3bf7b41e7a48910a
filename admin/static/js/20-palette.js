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
    const open = () => found(palette)[markedOf(palette)]?.click();
    // What was asked for of what is shown; and whether Enter came before the answer.
    let answered = null;
    let waits = false;
    field.addEventListener("input", () => (waits = false));
    palette.addEventListener("htmx:afterSwap", ({ detail }) => {
      // htmx makes its own of new links a moment later; Enter may be quicker, and would load the page anew.
      htmx.process(palette);
      mark(palette, 0);
      answered = detail.requestConfig.parameters.q;
      if (waits && answered === field.value) open();
    });
    palette.addEventListener("submit", (event) => {
      event.preventDefault();
      waits = answered !== field.value;
      if (!waits) open();
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
