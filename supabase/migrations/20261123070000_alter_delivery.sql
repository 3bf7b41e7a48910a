-- What became of a message is said in one place, for one message as for many.
set lock_timeout = '5s';

create or replace function private.delivery_of(message uuid) returns jsonb
language plpgsql
stable
set search_path = ''
as $$
/* Whether a message reached its recipient: {status, sent_at, error, remind_at}. */
begin
  return (select d.delivery from private.deliveries_of(array[message]) as d);
end
$$;
