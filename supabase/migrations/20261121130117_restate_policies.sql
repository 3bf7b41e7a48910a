-- What supabase/policies says by now; written by `make policies`.
set lock_timeout = '5s';

-- portrait: absences.sql
-- Who is away and who stands in. Everybody of the firm reads it, for alerts go to substitutes.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.absences');

create policy "people of the firm read who is away" on public.absences
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: absences.sql

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

-- portrait: chat_topics.sql
-- Topics of the chats.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.chat_topics');

create policy "admins, managers and observers read every topic" on public.chat_topics
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the topics of their own chats" on public.chat_topics
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: chat_topics.sql

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

-- portrait: classification_corrections.sql
-- Corrections of the classifier.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.classification_corrections');

create policy "admins, managers and observers read every correction" on public.classification_corrections
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the corrections in their own chats" on public.classification_corrections
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: classification_corrections.sql

-- portrait: client_requests.sql
-- Waiting windows. The text of a window lives in chat_messages and follows its policies.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- Deleted is only what a late message joined to another window.

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

-- portrait: intake_coverage.sql
-- When intake was up. Everybody of the firm reads it: every report says what it does not cover.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.intake_coverage');

create policy "people of the firm read when intake was up" on public.intake_coverage
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: intake_coverage.sql

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

-- portrait: ladder_steps.sql
-- Ladders of the policies. Everybody of the firm reads them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.ladder_steps');

create policy "people of the firm read the ladders" on public.ladder_steps
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: ladder_steps.sql

-- portrait: manager_accountants.sql
-- Who runs whose work. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.manager_accountants');

create policy "people of the firm read who runs whose work" on public.manager_accountants
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: manager_accountants.sql

-- portrait: message_reactions.sql
-- Reactions to messages. Like the messages, observers never read them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.message_reactions');

create policy "admins and managers read every reaction" on public.message_reactions
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the reactions in their own chats" on public.message_reactions
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: message_reactions.sql

-- portrait: notices.sql
-- Who was told of which window.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.notices');

create policy "admins, managers and observers read every notice" on public.notices
for select
to authenticated
using ((select private.role()) in ('admin', 'manager', 'observer'));

create policy "accountants read the notices of their own chats" on public.notices
for select
to authenticated
using (exists (
  select
  from public.client_requests as w
  where w.id = notices.request_id
    and w.chat_id = any ((select private.own_chat_ids())::bigint[])
));
-- end of portrait: notices.sql

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

-- portrait: outbox_sends.sql
-- What was handed to Telegram in the last minute: the service's alone, nobody is granted anything on it.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.outbox_sends');
-- end of portrait: outbox_sends.sql

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

-- portrait: schedule_openings.sql
-- Mornings that had their digest: the service's alone, nobody is granted anything on it.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.schedule_openings');
-- end of portrait: schedule_openings.sql

-- portrait: schedule_versions.sql
-- What each version of a schedule said; written by the calendar's triggers alone. Everybody of the firm reads it, to explain a deadline.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.schedule_versions');

create policy "people of the firm read the schedule versions" on public.schedule_versions
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: schedule_versions.sql

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

-- portrait: sla_policy_versions.sql
-- What policies said. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.sla_policy_versions');

create policy "people of the firm read what policies said" on public.sla_policy_versions
for select
to authenticated
using ((select private.role()) is not null);
-- end of portrait: sla_policy_versions.sql

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
