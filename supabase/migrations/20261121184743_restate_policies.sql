-- What supabase/policies says by now; written by `make policies`.
set lock_timeout = '5s';

-- portrait: accountant_calls.sql
-- When clients called for somebody.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.accountant_calls');

create policy "admins, managers and observers read every call" on public.accountant_calls
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the calls of their own chats" on public.accountant_calls
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: accountant_calls.sql

-- portrait: business_events.sql
-- Talk in business chats of the firm's people: recorded by the service, read by nobody yet.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.business_events');
-- end of portrait: business_events.sql

-- portrait: command_menus.sql
-- What Telegram lists to whom: the bot's alone, nobody is granted anything on it.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.command_menus');
-- end of portrait: command_menus.sql

-- portrait: faq_answers.sql
-- Answers to frequent questions that were offered, and what clients say of them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.faq_answers');

create policy "admins, managers and observers read every answer" on public.faq_answers
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the answers in their own chats" on public.faq_answers
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = faq_answers.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
-- end of portrait: faq_answers.sql

-- portrait: message_sources.sql
-- Whose words forwarded and quoting messages hold. Like the messages, observers never read them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.message_sources');

create policy "admins and managers read every source" on public.message_sources
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the sources in their own chats" on public.message_sources
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: message_sources.sql
