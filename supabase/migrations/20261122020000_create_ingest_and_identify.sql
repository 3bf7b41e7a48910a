-- Whoever wrote something that the bot answers is known with its commit.
set lock_timeout = '5s';

create function api.ingest_and_identify(updates jsonb, people jsonb)
returns jsonb
language plpgsql
set search_path = ''
as $$
/* {answers, people}: what api.ingest says of the updates and then, in the same round trip, what api.identify_all says of the people. */
declare
  answers jsonb := api.ingest(updates);
begin
  return jsonb_build_object('answers', answers, 'people', api.identify_all(people));
end
$$;

grant execute on function api.ingest_and_identify(jsonb, jsonb) to service_role;
