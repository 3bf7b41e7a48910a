-- In a group everybody reads the same answer: there the bot speaks the group's language.
set lock_timeout = '5s';

create function api.chat_language(chat_id bigint)
returns text
language sql
stable
set search_path = ''
as $$
/* The language in which the bot answers in a chat. */
  select private.language_of(chat_language.chat_id)
$$;

grant execute on function api.chat_language(bigint) to service_role;
