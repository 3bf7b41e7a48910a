// Builds page elements. Everything that comes from outside goes in as text, never as markup.

export const byId = (id) => document.getElementById(id);

/** Make an element: `el("b", {class: "x", title: "y"}, "text", child)`. Nothing and false are left out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child || child === 0));
  return made;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/** Two letters and a tone that is always the same for the same id. */
export function avatar(id, name, size = "") {
  const words = name.replace(/^(ООО|ИП|АО)\s+/u, "").replace(/[^\p{L}\p{N}\s]/gu, "").split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? words[0][0] + words[1][0] : (words[0] ?? "?").slice(0, 2);
  return el("div", { class: `avatar ${size}`, "data-tone": Math.abs(id) % 7, "aria-hidden": "true" }, letters.toUpperCase());
}
