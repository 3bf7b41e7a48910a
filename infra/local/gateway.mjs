// The gateway of the local stack: /rest/v1 to PostgREST, /auth/v1 to Auth, and no entry without a key, as on hosted.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { createProxyServer } from "http-proxy-3";

const { env } = process;
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const signed = (text) => createHmac("sha256", env.GATEWAY_JWT_SECRET).update(text).digest("base64url");

function tokenOf(role) {
  const head = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url({ iss: "supabase", role, exp: 4_000_000_000 })}`;
  return `Bearer ${head}.${signed(head)}`;
}

// Opaque keys become role tokens here, unless a person's token is sent beside them.
const roleTokens = new Map([
  [env.SUPABASE_ANON_KEY, tokenOf("anon")],
  [env.SUPABASE_SERVICE_ROLE_KEY, tokenOf("service_role")],
]);

// Old-style keys are tokens themselves, signed with the stack's secret.
function isOldKey(key) {
  const [, head, signature] = /^(.+\..+)\.(.+)$/.exec(key ?? "") ?? [];
  if (!head) return false;
  // As bytes: a sign beyond ASCII makes more of them than letters, and unequal lengths throw.
  const [expected, given] = [Buffer.from(signed(head)), Buffer.from(signature)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

const OPEN = /^\/auth\/v1\/(verify|callback|authorize|\.well-known|health)/;
const ROUTES = [
  { prefix: "/rest/v1", target: env.GATEWAY_REST_URL, strip: true },
  { prefix: "/auth/v1", target: env.GATEWAY_AUTH_URL, strip: false },
];

// No keepalive upstream (agent: false): with it, concurrent POSTs now and then meet a connection that PostgREST has
// just closed, and become 502.
const proxy = createProxyServer({ agent: false, xfwd: true });

function refuse(response, status, message) {
  if (response.headersSent || !response.writeHead) return response.destroy();
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ message }));
}

proxy.on("error", (error, request, response) => {
  console.error(JSON.stringify({ level: "warning", message: "upstream_unreachable", code: error.code }));
  refuse(response, 503, "the service behind the gateway does not answer");
});

function withRole(request, key) {
  const { authorization = "" } = request.headers;
  const token = authorization.replace(/^Bearer /i, "");
  // Clients send an opaque key a second time as the bearer when nobody is signed in.
  if (!token || roleTokens.has(token)) request.headers.authorization = roleTokens.get(token || key) ?? `Bearer ${key}`;
}

const server = createServer((request, response) => {
  const path = request.url.split("?", 1)[0];
  const route = ROUTES.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
  if (!route) return refuse(response, 404, "no such service");
  const key = request.headers.apikey;
  const isKnown = roleTokens.has(key) || isOldKey(key);
  if (!isKnown && !OPEN.test(path)) return refuse(response, 401, key ? "Invalid API key" : "No API key found in request");
  if (isKnown) withRole(request, key);
  if (route.strip) request.url = request.url.slice(route.prefix.length).replace(/^(?!\/)/, "/");
  proxy.web(request, response, { target: route.target });
});
// Longer than any client of ours keeps an idle connection, so that it is never closed under a request.
server.keepAliveTimeout = 75_000;
server.listen(Number(env.GATEWAY_PORT), "127.0.0.1");

process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 1000).unref();
});
