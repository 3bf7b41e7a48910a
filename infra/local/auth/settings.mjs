// What the auth service is told by its environment.
const { env } = process;

export const port = Number(env.AUTH_PORT);
export const databaseUrl = env.AUTH_DATABASE_URL;
export const issuer = env.AUTH_ISSUER;
export const siteUrl = env.AUTH_SITE_URL;
export const jwtSecret = env.AUTH_JWT_SECRET; // service tokens, and the library's own: HS256
export const signingKey = JSON.parse(env.AUTH_SIGNING_KEY); // people's tokens: ES256, a private JWK
export const tokenSeconds = 3600;
