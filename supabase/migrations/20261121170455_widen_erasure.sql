-- What the bot wrote into a client's chat goes with the client: the outbox names the chat by its id.
set lock_timeout = '5s';

create or replace function private.forget_chats(of_chats bigint[])
returns void
language plpgsql
set search_path = ''
as $$
/* Takes name and Telegram id from chats: all that hangs on them follows to an id that Telegram never gives, drawn by chance, so that
   nobody can tell which chat it was. Those that have one keep it. What the bot owed or wrote there is deleted. */
begin
  delete from public.outbox as o
  where o.recipient_chat_id = any (of_chats)
    and o.is_internal is null;

  update public.chats as c
  set
    chat_id = -4000000000000000000 - floor(random() * 500000000000000000)::bigint,
    chat_name = 'Удалённый чат',
    migrated_from = null,
    bot_status = null,
    bot_status_at = null
  where c.chat_id = any (of_chats)
    and c.chat_id > -4000000000000000000;
end
$$;
