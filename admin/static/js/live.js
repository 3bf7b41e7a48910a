// Keeps an open page fresh: a hint over /ws says that rows changed, the page then asks for them again.
(() => {
  const FIRST_PAUSE = 500;
  const LONGEST_PAUSE = 15000;
  const SILENCE = 40000; // the server says "ping" every 30 s
  const POLL = 30000; // while the socket is lost
  const RETRY = 15000; // after a failure
  const BREATH = 500; // between leaving a field and pressing the button beside it
  const ENDED = 4401;

  const ANSWER = 10000;

  // What a person is in the middle of. The form around the list of requests keeps what is chosen in it by itself.
  const BUSY = ":active, :popover-open, form:not([data-bulk]):has(select, :read-write):focus-within";

  const FAILED = "[data-live] [data-failed]";

  let leaving = false;
  let pause = FIRST_PAUSE;
  let watchdog;
  let retry;
  let isBehind = false;

  function refresh(topic) {
    for (const part of document.querySelectorAll("[data-live]")) {
      if (topic === "all" || part.dataset.live === topic) htmx.trigger(part, "refresh");
    }
  }

  // No event comes with a timed poll, nor with what a click loads ahead or a new page loads at once.
  const isByItself = ({ triggeringEvent, elt }) =>
    triggeringEvent ? triggeringEvent.type === "refresh" : elt.matches("[hx-trigger*=every]");
  const wasByItself = ({ requestConfig }) => "X-By-Itself" in requestConfig.headers;

  // Such a request is no sign of life of the person: the session may idle out behind an open page.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (isByItself(detail)) detail.headers["X-By-Itself"] = "1";
  });

  // Nothing is pulled from under a person's hands: such a part stays as it is, and is asked for again afterwards.
  function holdBack(detail) {
    if (!detail.target.querySelector(BUSY)) return;
    detail.shouldSwap = false;
    isBehind = true;
  }

  document.addEventListener("htmx:beforeSwap", ({ detail }) => wasByItself(detail) && holdBack(detail));

  // A part that goes with its page has nothing to ask for any more.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (!detail.shouldSwap) return;
    for (const part of detail.target.querySelectorAll("[data-live]")) {
      if (part !== detail.elt) htmx.trigger(part, "htmx:abort");
    }
  });
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => holdBack(detail));

  // Whoever may come in no more is led away by the first answer that says so, and it says why. Those that were on their
  // way with it know only that the session is gone.
  let isLedAway = false;
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (isLedAway) event.preventDefault();
    isLedAway ||= event.detail.xhr.getResponseHeader("HX-Redirect") !== null;
  });

  function catchUp() {
    if (!isBehind) return;
    isBehind = false;
    refresh("all");
  }

  document.addEventListener("pointerup", () => isBehind && setTimeout(catchUp, BREATH));
  document.addEventListener("focusout", () => isBehind && setTimeout(catchUp, BREATH));
  // Of a popover; it does not bubble.
  document.addEventListener("toggle", () => isBehind && setTimeout(catchUp, BREATH), true);

  // A part that could not be read anew stays, and the page says so until it could.
  const isOfLive = (detail) => wasByItself(detail) || detail.target.matches("[data-live]");

  function say(isOutdated) {
    const note = document.getElementById("outdated");
    if (note) note.hidden = !isOutdated || Boolean(document.querySelector(FAILED));
  }

  function tryAgain() {
    clearTimeout(retry);
    retry = setTimeout(() => refresh("all"), RETRY);
  }

  function fail({ detail }) {
    if (!isOfLive(detail)) return;
    say(true);
    const isRefused = detail.xhr.status >= 400 && detail.xhr.status < 500;
    if (!isRefused) tryAgain();
  }

  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, fail);
  }
  document.addEventListener("htmx:afterOnLoad", ({ detail }) => detail.successful && isOfLive(detail) && say(false));
  // It came without its rows from the start.
  BuhBot.onto(FAILED, tryAgain);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-refresh]")) return;
    event.preventDefault();
    refresh("all");
  });

  // An error of nobody in particular has no such badge.
  function show(lost) {
    document.documentElement.dataset.link = lost ? "lost" : "open";
    const badge = document.getElementById("link-state");
    if (badge) badge.textContent = lost ? BuhBot.words.lost : "";
  }

  // The bar came anew with its page.
  BuhBot.onto("#link-state", () => show(document.documentElement.dataset.link === "lost"));

  function connect() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);

    function listen() {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => socket.close(), SILENCE);
    }

    socket.onopen = () => {
      listen();
      pause = FIRST_PAUSE;
      show(false); // the server says "all" next, to one page after another
    };
    socket.onmessage = (message) => {
      listen();
      if (message.data === "ping") socket.send("pong");
      else refresh(message.data);
    };
    socket.onclose = (event) => {
      clearTimeout(watchdog);
      if (event.code === ENDED) {
        // The server leads to the sign-in page and back. A form that ends the session is answered first: reloading now
        // would drop that answer, and with it the cookie of a new session.
        setTimeout(() => location.reload(), leaving ? ANSWER : 0);
        return;
      }
      // A page that is being left closes its socket too: no badge for that blink.
      setTimeout(() => show(socket.readyState === WebSocket.CLOSED && !isOpen(current)), 1000);
      setTimeout(() => (current = connect()), pause * (0.5 + Math.random()));
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    };
    return socket;
  }

  addEventListener("beforeunload", () => (leaving = true));

  const isOpen = (socket) => socket.readyState === WebSocket.OPEN;
  let current = connect();

  setInterval(() => isOpen(current) || refresh("all"), POLL);
  document.addEventListener("visibilitychange", () => document.hidden || refresh("all"));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
