// The auth service of the local stack: @supabase/lite as a library on the shared Postgres, plus what hosted Auth has and
// the library lacks: ES256 and a JWKS, full token claims, the admin users API, bans.
import { serve } from "@hono/node-server";
import { App } from "@supabase/lite";
import { Hono } from "hono";
import { close, connection } from "./database.mjs";
import * as mailbox from "./mailbox.mjs";
import * as settings from "./settings.mjs";
import { isService, publicKey, reissue, translate } from "./tokens.mjs";
import * as users from "./users.mjs";

const email = {
  enable_signup: false,
  enable_confirmations: false,
  max_frequency: "1s",
  double_confirm_changes: false,
  otp_length: 6,
  otp_expiry: 3600,
  template: { recovery: { subject: "BuhBot: новый пароль", content_path: mailbox.template("recovery") } },
};

const lite = new App({
  connection,
  db: { migrations: { enabled: false } }, // the Supabase CLI owns supabase_migrations
  auth: {
    enabled: true,
    enable_signup: true,
    jwt_secret: settings.jwtSecret,
    jwt_expiry: settings.tokenSeconds,
    site_url: settings.siteUrl,
    additional_redirect_urls: [`${settings.siteUrl}/**`],
    enable_refresh_token_rotation: true,
    refresh_token_reuse_interval: 10,
    minimum_password_length: 10,
    email,
  },
  options: { drivers: { email: mailbox.driver } },
});
await lite.ensureSystemSchema();

const refuse = (c, status, code, message) =>
  c.json({ code: status, error_code: code, msg: message }, status, { "x-supabase-api-version": "2024-01-01" });
const unknownUser = (c) => refuse(c, 404, "user_not_found", "User not found");

const api = new Hono().basePath("/auth/v1");

// A trigger's refusal (`PTxxx`) goes through to the caller, as on hosted; anything else of the database's does not.
api.onError((error, c) => {
  const [, status] = /^PT([45]\d\d)$/.exec(error.code ?? "") ?? [];
  if (status) return c.json({ code: error.code, message: error.message, detail: error.detail }, Number(status));
  // Without its fields: the detail of a refused row repeats what somebody wrote.
  console.error(error.stack);
  return refuse(c, 500, "unexpected_failure", "Database error");
});

api.use("/admin/*", async (c, next) => {
  if (!(await isService(c.req.raw))) return refuse(c, 403, "not_admin", "User not allowed");
  await next();
});

api.post("/admin/users", async (c) => {
  const body = await c.req.json();
  if (!body.email) return refuse(c, 400, "validation_failed", "An email is required");
  if (await users.isTaken(body.email)) return refuse(c, 422, "email_exists", "This email is already registered");
  return c.json(await users.create(body));
});

api.get("/admin/users", async (c) => {
  const found = await users.list(Number(c.req.query("page") || 1), Number(c.req.query("per_page") || 50));
  const body = { users: found.users, aud: "authenticated" };
  return c.json(body, 200, { "x-total-count": String(found.total) });
});

api.get("/admin/users/:id", async (c) => {
  const user = await users.byId(c.req.param("id"));
  return user ? c.json(user) : unknownUser(c);
});

api.put("/admin/users/:id", async (c) => {
  const user = await users.change(c.req.param("id"), await c.req.json());
  return user ? c.json(user) : unknownUser(c);
});

api.delete("/admin/users/:id", async (c) =>
  (await users.remove(c.req.param("id"))) ? c.json({}) : unknownUser(c),
);

// Ours and not the library's: one transaction, whose triggers may refuse it.
api.post("/signup", async (c) => {
  const { email, password, data } = await c.req.json();
  if (!email || !password) return refuse(c, 400, "validation_failed", "To signup, please provide your email");
  if (password.length < 6) return refuse(c, 422, "weak_password", "Password should be at least 6 characters.");
  if (await users.isTaken(email)) return refuse(c, 422, "user_already_exists", "User already registered");
  const user = await users.create({ email, password, user_metadata: data, email_confirm: true });
  return c.json({ ...user, user });
});

// Before the password is looked at, as hosted Auth does.
api.post("/token", async (c, next) => {
  const body = await c.req.raw.clone().json().catch(() => ({}));
  if (await users.isBanned(body)) return refuse(c, 400, "user_banned", "User is banned");
  await next();
});

api.get("/.well-known/jwks.json", (c) => c.json({ keys: [publicKey] }));

// Everything else is the library's.
api.all("*", async (c) => {
  const answer = await lite.fetch(await translate(c.req.raw), { peerAddress: null });
  if (!answer.ok || !(answer.headers.get("content-type") ?? "").includes("json")) return answer;
  const body = await answer.json();
  const method = c.req.path.endsWith("/verify") ? "otp" : "password";
  if (body?.access_token) body.access_token = await reissue(body.access_token, method, users.claims);
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(body), { status: answer.status, headers });
});

serve({
  hostname: "127.0.0.1",
  port: settings.port,
  fetch(request, bindings) {
    const url = new URL(request.url);
    const isMail = url.pathname === "/_mail";
    return isMail ? mailbox.answer(request, url.searchParams.get("to")) : api.fetch(request, bindings);
  },
});

async function stop() {
  await close();
  process.exit(0);
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
