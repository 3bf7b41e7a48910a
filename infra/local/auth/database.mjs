// Connections of the auth service to Postgres, as supabase_auth_admin.
import { createPostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { databaseUrl } from "./settings.mjs";

const asIs = (value) => value;

// Postgres prints "2026-11-21 06:08:32.6+00"; supabase-py's models want RFC 3339.
const rfc3339 = (text) => text.replace(" ", "T").replace(/\+00$/, "Z").replace(/([+-]\d\d)$/, "$1:00");
const timestamp = (oid) => ({ to: oid, from: [oid], serialize: asIs, parse: rfc3339 });

// The library passes jsonb as a string already; the default serializer would store a JSON *string*.
const asJson = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const json = (oid) => ({ to: oid, from: [oid], serialize: asJson, parse: JSON.parse });

const types = { timestamptz: timestamp(1184), timestamp: timestamp(1114), json: json(114), jsonb: json(3802) };
const quiet = { onnotice() {} };

export const connection = createPostgresConnection({
  url: databaseUrl,
  postgresOptions: { max: 5, types, ...quiet },
});
export const sql = postgres(databaseUrl, { max: 3, connection: { TimeZone: "UTC" }, ...quiet });

export async function close() {
  await Promise.all([connection.close(), sql.end({ timeout: 1 })]);
}
