// What every script of a page stands on. Pages are swapped under a living document: a script runs once, and is told
// of each element that it cares for whenever one comes.
const BuhBot = (() => {
  const TOAST = 6000;
  const cares = [];
  const words = JSON.parse(document.documentElement.dataset.words);

  function tell(root) {
    for (const [selector, care] of cares) {
      if (root.matches?.(selector)) care(root);
      for (const element of root.querySelectorAll(selector)) care(element);
    }
  }

  function onto(selector, care) {
    cares.push([selector, care]);
    for (const element of document.querySelectorAll(selector)) care(element);
  }

  function say(sentence) {
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = sentence;
    document.getElementById("toasts").append(toast);
    setTimeout(() => toast.remove(), TOAST);
  }

  let isFirst = true;
  htmx.onLoad((root) => {
    // The first call is for the page itself, which `onto` has already looked through.
    if (!isFirst) tell(root);
    isFirst = false;
  });

  const isGoing = ({ requestConfig }) => requestConfig.boosted && !("HX-Preloaded" in requestConfig.headers);
  for (const [happening, goes] of [["htmx:beforeRequest", true], ["htmx:afterRequest", false]]) {
    document.addEventListener(happening, ({ detail }) => {
      if (isGoing(detail)) document.documentElement.classList.toggle("going", goes);
    });
  }

  // A page that says what went wrong is shown like any other page; a part of one stays as it was, and says so itself.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.requestConfig.boosted && detail.xhr.status >= 400) detail.shouldSwap = true;
  });
  document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
    const isPage = detail.requestConfig.verb === "get" || detail.xhr.status < 400;
    // A refused form has no address of its own: reloading leads back to the page it was on.
    if (detail.requestConfig.boosted && !isPage) detail.history.type = null;
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.requestConfig?.boosted) document.getElementById("main").focus({ preventScroll: true });
  });
  for (const failure of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, ({ detail }) => detail.requestConfig.boosted && say(words.unreachable));
  }

  onto(".toast", (toast) => setTimeout(() => toast.remove(), TOAST));

  return { onto, say, words };
})();
