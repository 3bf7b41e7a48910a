// Keeps an open page fresh: a hint over /ws says that rows changed, the page then asks for them again.
(() => {
  const FIRST_PAUSE = 500;
  const LONGEST_PAUSE = 15000;
  const SILENCE = 40000; // the server says "ping" every 30 s
  const POLL = 30000; // while the socket is lost
  const ENDED = 4401;

  const ANSWER = 10000;

  let leaving = false;
  let pause = FIRST_PAUSE;
  let watchdog;

  function refresh(topic) {
    for (const part of document.querySelectorAll("[data-live]")) {
      if (topic === "all" || part.dataset.live === topic) htmx.trigger(part, "refresh");
    }
  }

  // Such a request is no sign of life of the person: the session may idle out behind an open page.
  document.addEventListener("htmx:configRequest", (event) => {
    const { triggeringEvent, elt, headers } = event.detail;
    // Nothing triggers what comes by the clock.
    const isByClock = !triggeringEvent && elt.matches("[data-live]");
    if (isByClock || triggeringEvent?.type === "refresh") headers["X-By-Itself"] = "1";
  });

  function show(lost) {
    document.documentElement.dataset.link = lost ? "lost" : "open";
    document.getElementById("link-state").textContent = lost ? BuhBot.words.lost : "";
  }

  // The bar came anew with its page.
  BuhBot.onto("#link-state", (badge) => {
    badge.textContent = document.documentElement.dataset.link === "lost" ? BuhBot.words.lost : "";
  });

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
