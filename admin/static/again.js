// A page that came without what it was asked for looks for it by itself, whether or not there is somebody signed in.
// What can be read anew in parts belongs to live.js.
(() => {
  const PAUSE = 15000;
  const FAILED = "[data-failed]:not([data-live] *)";
  const TYPED = "main form:focus-within";

  async function look() {
    if (document.hidden || !document.querySelector(FAILED) || document.querySelector(TYPED)) return;
    const answer = await fetch(location.href, { headers: { "X-By-Itself": "1" } }).catch(() => null);
    if (answer?.ok && document.querySelector(FAILED)) location.reload();
  }

  setInterval(look, PAUSE);
})();
