// Tokens at the edge of the auth service: people hold ES256 tokens, as on hosted; the library inside knows only HS256.
import { SignJWT, decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { issuer, jwtSecret, signingKey } from "./settings.mjs";

const { d: _private, ...publicPart } = signingKey;
const secret = new TextEncoder().encode(jwtSecret);
const signKey = await importJWK({ ...signingKey, key_ops: ["sign"] }, "ES256");
export const publicKey = { ...publicPart, key_ops: ["verify"] };
const verifyKey = await importJWK(publicKey, "ES256");

const bearer = (request) => (request.headers.get("authorization") ?? "").replace(/^Bearer /i, "");

function algorithm(token) {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    return null;
  }
}

// A person's token becomes one that the library can check; anything else passes as it is.
export async function translate(request) {
  const token = bearer(request);
  if (algorithm(token) !== "ES256") return request;
  const verified = await jwtVerify(token, verifyKey).catch(() => null);
  if (!verified) return request;
  const inner = await new SignJWT(verified.payload).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(secret);
  const headers = new Headers(request.headers);
  headers.set("authorization", `Bearer ${inner}`);
  return new Request(request, { headers });
}

export async function isService(request) {
  const verified = await jwtVerify(bearer(request), secret, { algorithms: ["HS256"] }).catch(() => null);
  return verified?.payload.role === "service_role";
}

// The library's access token again, with the claims of hosted Auth and the person's key.
export async function reissue(token, method, describe) {
  const claims = decodeJwt(token);
  const full = {
    iss: issuer,
    ...claims,
    ...(await describe(claims.sub)),
    aal: "aal1",
    amr: [{ method, timestamp: claims.iat }],
  };
  const header = { alg: "ES256", typ: "JWT", kid: signingKey.kid };
  return new SignJWT(full).setProtectedHeader(header).sign(signKey);
}
