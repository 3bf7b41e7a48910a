-- What supabase/policies says by now; written by `make policies`.
set lock_timeout = '5s';

-- portrait: audit_log.sql
-- Who changed what; written by a trigger. Partitions carry row security without policies and without grants.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | own entries       | –      | –      | –
-- accountant   | own entries       | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.audit_log');

create policy "admins read every entry" on public.audit_log
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "managers and accountants read their own entries" on public.audit_log
for select
to authenticated
using ((select private.role()) in ('manager', 'accountant') and actor_id = (select auth.uid()));
-- end of portrait: audit_log.sql

-- portrait: calendar_exceptions.sql
-- Exceptional dates. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.calendar_exceptions');

create policy "people of the firm read the calendar exceptions" on public.calendar_exceptions
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: calendar_exceptions.sql

-- portrait: chat_messages.sql
-- What was written. Partitions carry row security without policies and without grants: only the parent shows rows.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –
--
-- Observers never read message text.

select private.drop_policies('public.chat_messages');

create policy "admins and managers read every message" on public.chat_messages
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the messages of their own chats" on public.chat_messages
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: chat_messages.sql

-- portrait: chats.sql
-- Chats the bot has seen.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | own               | –      | –      | –
-- observer     | groups            | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –
--
-- A private chat bears the name of a person, which observers never read.

select private.drop_policies('public.chats');

create policy "admins and managers read every chat" on public.chats
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "observers read the chats of clients' groups" on public.chats
for select
to authenticated
using ((select private.role()) = 'observer' and type <> 'private');

create policy "accountants read their own chats" on public.chats
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: chats.sql

-- portrait: client_requests.sql
-- Waiting windows. The text of a window lives in chat_messages and follows its policies.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.client_requests');

create policy "admins, managers and observers read every request" on public.client_requests
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the requests of their own chats" on public.client_requests
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: client_requests.sql

-- portrait: clients.sql
-- Customers of the firm.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.clients');

create policy "admins, managers and observers read every client" on public.clients
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the clients of their own chats" on public.clients
for select
to authenticated
using (exists (
  select
  from public.chats as c
  where c.client_id = clients.id
    and c.chat_id = any ((select private.own_chat_ids())::bigint[])
));
-- end of portrait: clients.sql

-- portrait: intake_rejects.sql
-- Updates that could not be stored.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.intake_rejects');

create policy "admins read every reject" on public.intake_rejects
for select
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: intake_rejects.sql

-- portrait: outbox.sql
-- Messages owed and sent: the service's alone, nobody is granted anything on it.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.outbox');
-- end of portrait: outbox.sql

-- portrait: request_events.sql
-- The ledger of each waiting window.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.request_events');

create policy "admins, managers and observers read every event" on public.request_events
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the events of their own chats" on public.request_events
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = request_events.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
-- end of portrait: request_events.sql

-- portrait: settings.sql
-- Settings of the firm. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.settings');

create policy "people of the firm read the settings" on public.settings
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: settings.sql

-- portrait: sla_alerts.sql
-- Alerts raised.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.sla_alerts');

create policy "admins, managers and observers read every alert" on public.sla_alerts
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the alerts of their own chats" on public.sla_alerts
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = sla_alerts.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
-- end of portrait: sla_alerts.sql

-- portrait: sla_policies.sql
-- Policies. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.sla_policies');

create policy "people of the firm read the sla policies" on public.sla_policies
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: sla_policies.sql

-- portrait: users.sql
-- People of the firm.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- Contact data is hidden from accountants by api.users. One reads oneself only while active: a deactivated person reads nothing.

select private.drop_policies('public.users');

create policy "people of the firm read each other" on public.users
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: users.sql

-- portrait: working_intervals.sql
-- Weekly hours. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.working_intervals');

create policy "people of the firm read the working intervals" on public.working_intervals
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: working_intervals.sql

-- portrait: working_periods.sql
-- Materialised working time; written by its triggers alone. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.working_periods');

create policy "people of the firm read the working periods" on public.working_periods
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: working_periods.sql

-- portrait: working_schedules.sql
-- Schedules. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.working_schedules');

create policy "people of the firm read the working schedules" on public.working_schedules
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: working_schedules.sql
