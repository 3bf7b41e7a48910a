// The mails that Auth would send, kept in memory. For tests: GET /_mail?to=address lists them, DELETE /_mail forgets all.
// For people: the same address in a browser shows them.
import { fileURLToPath } from "node:url";

const mails = [];

export const driver = {
  async send(mail) {
    mails.push({ at: new Date().toISOString(), ...mail });
  },
};

// The texts that `supabase config push` takes to a hosted project.
export function template(name) {
  return fileURLToPath(new URL(`../../../supabase/templates/${name}.html`, import.meta.url));
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// Shown as a mail program would: in a frame of its own, where no script runs.
const shown = ({ at, to, subject, html }) => `
  <article>
    <h2>${escaped(subject)}</h2>
    <p>${escaped(to)}, <time>${escaped(at)}</time></p>
    <iframe sandbox="allow-popups allow-top-navigation-by-user-activation" width="100%" height="320" title="${escaped(subject)}"
      srcdoc="${escaped(`<base target="_top">${html}`)}"></iframe>
  </article>`;

const page = (found) => `<!doctype html><html lang="ru"><meta charset="utf-8"><title>Почта</title>
  <h1>Почта, которую никто не отправил</h1>${found.map(shown).reverse().join("") || "<p>Писем нет.</p>"}</html>`;

export function answer(request, to) {
  if (request.method === "DELETE") mails.length = 0;
  const found = mails.filter((mail) => !to || mail.to === to);
  if (!(request.headers.get("accept") ?? "").includes("text/html")) return Response.json(found);
  return new Response(page(found), { headers: { "content-type": "text/html; charset=utf-8" } });
}
