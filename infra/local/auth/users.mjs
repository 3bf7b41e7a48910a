// People as rows of auth.users: what the admin users API and the tokens need, and the library lacks.
import { randomUUID } from "node:crypto";
import bcrypt from "bcryptjs";
import { sql } from "./database.mjs";

const asJson = (where) => sql`
  select json_build_object(
    'id', u.id, 'aud', u.aud, 'role', u.role, 'email', u.email, 'phone', coalesce(u.phone, ''),
    'email_confirmed_at', u.email_confirmed_at, 'confirmed_at', u.confirmed_at, 'last_sign_in_at', u.last_sign_in_at,
    'app_metadata', coalesce(u.raw_app_meta_data, '{}'), 'user_metadata', coalesce(u.raw_user_meta_data, '{}'),
    'created_at', u.created_at, 'updated_at', u.updated_at, 'banned_until', u.banned_until,
    'is_anonymous', u.is_anonymous,
    'identities', coalesce((
      select json_agg(json_build_object(
        'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
        'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
        'updated_at', i.updated_at, 'email', i.email))
      from auth.identities i where i.user_id = u.id), '[]')) as body
  from auth.users u ${where}`;

export async function byId(id) {
  return (await asJson(sql`where u.id = ${id}`))[0]?.body;
}

export async function list(page, perPage) {
  const [{ total }] = await sql`select count(*)::int as total from auth.users`;
  const rows = await asJson(sql`order by u.created_at desc limit ${perPage} offset ${(page - 1) * perPage}`);
  return { total, users: rows.map((row) => row.body) };
}

export async function isTaken(email) {
  return (await sql`select 1 from auth.users where email = ${email.toLowerCase()}`).length > 0;
}

export async function remove(id) {
  return (await sql`delete from auth.users where id = ${id}`).count > 0;
}

export async function create(body) {
  const id = body.id ?? randomUUID();
  const email = body.email.toLowerCase();
  const password = body.password ? await bcrypt.hash(body.password, 10) : "";
  const app = { provider: "email", providers: ["email"], ...body.app_metadata };
  const own = { email_verified: true, ...body.user_metadata };
  const identity = { sub: id, email, email_verified: false, phone_verified: false };
  await sql.begin(async (q) => {
    await q`
      insert into auth.users
        (id, aud, role, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, email_confirmed_at)
      values (${id}, 'authenticated', ${body.role ?? "authenticated"}, ${email}, ${password},
              ${q.json(app)}, ${q.json(own)}, ${body.email_confirm ? new Date() : null})`;
    await q`
      insert into auth.identities (id, provider, provider_id, user_id, identity_data)
      values (${randomUUID()}, 'email', ${id}, ${id}, ${q.json(identity)})`;
  });
  if (body.ban_duration) await change(id, { ban_duration: body.ban_duration });
  return byId(id);
}

export async function change(id, body) {
  const set = { updated_at: new Date() };
  if (body.email !== undefined) set.email = body.email.toLowerCase();
  if (body.role) set.role = body.role;
  if (body.password) set.encrypted_password = await bcrypt.hash(body.password, 10);
  if (body.email_confirm) set.email_confirmed_at = new Date();
  if (body.ban_duration !== undefined) set.banned_until = bannedUntil(body.ban_duration);
  await sql`update auth.users set ${sql(set)} where id = ${id}`;
  const own = sql.json(body.user_metadata ?? {});
  const app = sql.json(body.app_metadata ?? {});
  await sql`
    update auth.users
    set raw_user_meta_data = coalesce(raw_user_meta_data, '{}') || ${own},
        raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || ${app}
    where id = ${id}`;
  return byId(id);
}

// Whose e-mail or refresh token this is, and whether hosted Auth would turn them away.
export async function isBanned({ email, refresh_token: token }) {
  const rows = email
    ? await sql`select banned_until > now() as banned from auth.users where email = ${email.toLowerCase()}`
    : await sql`
        select u.banned_until > now() as banned
        from auth.refresh_tokens t join auth.users u on u.id = t.user_id
        where t.token = ${token ?? ""}`;
  return rows[0]?.banned ?? false;
}

export async function claims(id) {
  const [user] = await sql`
    select coalesce(phone, '') as phone, coalesce(raw_app_meta_data, '{}') as app_metadata,
           coalesce(raw_user_meta_data, '{}') as user_metadata, is_anonymous
    from auth.users where id = ${id}`;
  return { ...user };
}

const MILLISECONDS = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

// "24h", "1h30m" or "none"
function bannedUntil(duration) {
  if (duration === "none") return null;
  const parts = duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g);
  const length = [...parts].reduce((sum, [, amount, unit]) => sum + Number(amount) * MILLISECONDS[unit], 0);
  return new Date(Date.now() + length);
}
