-- Whoever may not change clients is refused before anything else is looked at: no name tells whether it is taken.
set lock_timeout = '5s';

create or replace function api.change_client(id uuid, name text, tier text, segments text[] default null, dry_run boolean default false)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* Changes a client; segments, unless null, are the names of those in which its chats are. Another tier may have another policy: open
   windows follow (S8). Returns what that does to them, as private.effect_on says; a dry run is the same change, undone. For admins and
   managers. Refuses with not_allowed, client_not_found, client_name_is_wrong, client_name_is_taken, tier_is_unknown,
   segment_name_is_wrong, segment_is_of_others. */
declare
  effect jsonb;
begin
  perform private.expect_role('admin', 'manager');
  if length(btrim(name)) not between 1 and 300 or not private.is_plain_line(name) then
    raise exception 'client_name_is_wrong' using errcode = 'PT422';
  elsif tier not in ('basic', 'standard', 'vip', 'premium') then
    raise exception 'tier_is_unknown' using errcode = 'PT422';
  elsif exists (
    select from api.clients as k where lower(k.name) = lower(btrim(change_client.name)) and k.id <> change_client.id and k.erased_at is null
  ) then
    raise exception 'client_name_is_taken' using errcode = 'PT409';
  end if;
  effect := private.change_client(change_client.id, change_client.name, change_client.tier, dry_run);
  if not dry_run and segments is not null then
    perform private.rename_segments(
      array(select c.chat_id from api.chats as c where c.client_id = change_client.id and c.deleted_at is null), segments
    );
  end if;
  return effect;
end
$$;
