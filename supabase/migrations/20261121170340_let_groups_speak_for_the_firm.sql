-- A manager says from the checklist that who writes as the group is the firm (S4, B4).
set lock_timeout = '5s';

create function api.trust_group_voices(id uuid, telegram_id bigint)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* From now on, who writes as the group itself or as its channel speaks for the firm there. Returns what private.chat_diagnosis says then.
   Refuses with not_allowed or unknown_chat. */
declare
  keeper constant public.users := private.chat_keeper(telegram_id);
begin
  update public.chats as c
  set anonymous_staff = true
  where c.id = trust_group_voices.id
    and c.type in ('group', 'supergroup');
  if not found then
    raise exception 'unknown_chat' using errcode = 'PT404';
  end if;
  return private.chat_diagnosis(trust_group_voices.id, keeper);
end
$$;

grant execute on function api.trust_group_voices(uuid, bigint) to service_role;
