-- What supabase/policies says by now; written by `make policies`.
set lock_timeout = '5s';

-- portrait: audit_log.sql
-- Who did what; written by triggers and private.record_event, by nobody by hand. Partitions carry row security without policies or grants.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | own and team      | –      | –      | –
-- accountant   | own entries       | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.audit_log');

create policy "admins read every entry" on public.audit_log
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the entries of their team" on public.audit_log
for select
to authenticated
using ((select private.role()) = 'manager' and actor_id = any ((select private.team_ids())::uuid[]));

create policy "accountants read their own entries" on public.audit_log
for select
to authenticated
using ((select private.role()) = 'accountant' and actor_id = (select auth.uid()));
-- end of portrait: audit_log.sql

-- portrait: audit_seals.sql
-- The chain over the audit log. Written by one function alone; nobody else may, nor change or remove a seal.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.audit_seals');

create policy "admins read the chain" on public.audit_seals
for select
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: audit_seals.sql

-- portrait: broadcasts.sql
-- Announcements. Managers see what they or their team wrote.
--
--              | select            | insert       | update       | delete
-- admin        | all               | all          | all          | all
-- manager      | own and team      | own and team | own and team | own and team
-- accountant   | –                 | –            | –            | –
-- observer     | –                 | –            | –            | –
-- service role | all               | yes          | yes          | yes
-- anon         | –                 | –            | –            | –

select private.drop_policies('public.broadcasts');

create policy "admins read every broadcast" on public.broadcasts
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add broadcasts" on public.broadcasts
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change broadcasts" on public.broadcasts
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete broadcasts" on public.broadcasts
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the broadcasts of their team" on public.broadcasts
for select
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers add broadcasts of their team" on public.broadcasts
for insert
to authenticated
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers change broadcasts of their team" on public.broadcasts
for update
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]))
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers delete broadcasts of their team" on public.broadcasts
for delete
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));
-- end of portrait: broadcasts.sql

-- portrait: calendar_exceptions.sql
-- Exceptional dates. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.calendar_exceptions');

create policy "people of the firm read the calendar exceptions" on public.calendar_exceptions
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add calendar exceptions" on public.calendar_exceptions
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change calendar exceptions" on public.calendar_exceptions
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete calendar exceptions" on public.calendar_exceptions
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
-- end of portrait: calendar_exceptions.sql

-- portrait: chat_invitations.sql
-- Links that connect a group. Managers see those that they or their team made, or that name an accountant of theirs.
--
--              | select            | insert       | update       | delete
-- admin        | all               | all          | all          | all
-- manager      | own and team      | own and team | own and team | own and team
-- accountant   | –                 | –            | –            | –
-- observer     | –                 | –            | –            | –
-- service role | all               | yes          | yes          | yes
-- anon         | –                 | –            | –            | –

select private.drop_policies('public.chat_invitations');

create policy "admins read every chat invitation" on public.chat_invitations
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add chat invitations" on public.chat_invitations
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change chat invitations" on public.chat_invitations
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete chat invitations" on public.chat_invitations
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the chat invitations of their team" on public.chat_invitations
for select
to authenticated
using ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));

create policy "managers add chat invitations of their team" on public.chat_invitations
for insert
to authenticated
with check ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));

create policy "managers change chat invitations of their team" on public.chat_invitations
for update
to authenticated
using ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])))
with check ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));

create policy "managers delete chat invitations of their team" on public.chat_invitations
for delete
to authenticated
using ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));
-- end of portrait: chat_invitations.sql

-- portrait: chat_members.sql
-- Who is in the chats. Names of clients, which observers never read.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.chat_members');

create policy "admins and managers read every member" on public.chat_members
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));

create policy "accountants read the members of their own chats" on public.chat_members
for select
to authenticated
using (chat_id = any ((select private.own_chat_ids())::bigint[]));
-- end of portrait: chat_members.sql

-- portrait: chat_segment_accountants.sql
-- Who shares the chats of a segment: for whom the segment is. Who is in it is added and removed, not changed.
--
--              | select            | insert       | update | delete
-- admin        | all               | all          | –      | all
-- manager      | own and team      | own and team | –      | own and team
-- accountant   | –                 | –            | –      | –
-- observer     | –                 | –            | –      | –
-- service role | all               | yes          | yes    | yes
-- anon         | –                 | –            | –      | –

select private.drop_policies('public.chat_segment_accountants');

create policy "admins read all accountants of segments" on public.chat_segment_accountants
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add accountants of segments" on public.chat_segment_accountants
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins remove accountants of segments" on public.chat_segment_accountants
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the accountants of segments of their team" on public.chat_segment_accountants
for select
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers add accountants of segments of their team" on public.chat_segment_accountants
for insert
to authenticated
with check ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers remove accountants of segments of their team" on public.chat_segment_accountants
for delete
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));
-- end of portrait: chat_segment_accountants.sql

-- portrait: chat_segment_chats.sql
-- Which chats are in a segment: for whom the segment is. What is in it is added and removed, not changed.
--
--              | select            | insert       | update | delete
-- admin        | all               | all          | –      | all
-- manager      | own and team      | own and team | –      | own and team
-- accountant   | –                 | –            | –      | –
-- observer     | –                 | –            | –      | –
-- service role | all               | yes          | yes    | yes
-- anon         | –                 | –            | –      | –

select private.drop_policies('public.chat_segment_chats');

create policy "admins read all chats of segments" on public.chat_segment_chats
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add chats of segments" on public.chat_segment_chats
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins remove chats of segments" on public.chat_segment_chats
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the chats of segments of their team" on public.chat_segment_chats
for select
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers add chats of segments of their team" on public.chat_segment_chats
for insert
to authenticated
with check ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers remove chats of segments of their team" on public.chat_segment_chats
for delete
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));
-- end of portrait: chat_segment_chats.sql

-- portrait: chat_segments.sql
-- Segments of chats. Managers see what they or their team made.
--
--              | select            | insert       | update       | delete
-- admin        | all               | all          | all          | all
-- manager      | own and team      | own and team | own and team | own and team
-- accountant   | –                 | –            | –            | –
-- observer     | –                 | –            | –            | –
-- service role | all               | yes          | yes          | yes
-- anon         | –                 | –            | –            | –

select private.drop_policies('public.chat_segments');

create policy "admins read every segment" on public.chat_segments
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add segments" on public.chat_segments
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change segments" on public.chat_segments
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete segments" on public.chat_segments
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the segments of their team" on public.chat_segments
for select
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers add segments of their team" on public.chat_segments
for insert
to authenticated
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers change segments of their team" on public.chat_segments
for update
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]))
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers delete segments of their team" on public.chat_segments
for delete
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));
-- end of portrait: chat_segments.sql

-- portrait: chats.sql
-- Chats the bot has seen.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | –      | all    | –
-- accountant   | own               | –      | –      | –
-- observer     | groups            | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- A private chat bears the name of a person, which observers never read.
-- Title, the bot's standing and why measuring is paused are Telegram's to say (column grants). A chat with messages is not deleted,
-- only taken out of the lists.

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

create policy "admins add chats" on public.chats
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins and managers change chats" on public.chats
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins delete chats" on public.chats
for delete
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: chats.sql

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
-- The engine alone writes windows. Admins and managers act on all, accountants on their own: api.acknowledge_request,
-- api.excuse_request.

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
-- admin        | all               | all    | all    | all
-- manager      | all               | –      | all    | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- A client with chats is not deleted.

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

create policy "admins add clients" on public.clients
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins and managers change clients" on public.clients
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins delete clients" on public.clients
for delete
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: clients.sql

-- portrait: error_log.sql
-- Faults. Partly of people, who read their own; append-only for everybody.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | own and team      | –      | –      | –
-- accountant   | own entries       | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.error_log');

create policy "admins read every fault" on public.error_log
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the faults of their team" on public.error_log
for select
to authenticated
using ((select private.role()) = 'manager' and user_id = any ((select private.team_ids())::uuid[]));

create policy "accountants read their own faults" on public.error_log
for select
to authenticated
using ((select private.role()) = 'accountant' and user_id = (select auth.uid()));
-- end of portrait: error_log.sql

-- portrait: faq_items.sql
-- Questions with answers.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- Use is counted by api.use_faq_item, for accountants too.

select private.drop_policies('public.faq_items');

create policy "people of the firm read the answers to frequent questions" on public.faq_items
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add answers to frequent questions" on public.faq_items
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change answers to frequent questions" on public.faq_items
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete answers to frequent questions" on public.faq_items
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
-- end of portrait: faq_items.sql

-- portrait: feedback_responses.sql
-- Votes with names: for those who run the firm. Nobody changes or deletes what was cast.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –
--
-- Accountants and observers read groups of three or more in api.feedback_summary, and nothing else.

select private.drop_policies('public.feedback_responses');

create policy "admins and managers read every vote" on public.feedback_responses
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));
-- end of portrait: feedback_responses.sql

-- portrait: feedback_surveys.sql
-- Campaigns. Everybody of the firm may know that clients were asked.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- States and the end of a survey are not for people to write. A survey with votes is not deleted.

select private.drop_policies('public.feedback_surveys');

create policy "people of the firm read the surveys" on public.feedback_surveys
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add surveys" on public.feedback_surveys
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change surveys" on public.feedback_surveys
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete surveys" on public.feedback_surveys
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
-- end of portrait: feedback_surveys.sql

-- portrait: notification_preferences.sql
-- What people want to be told of: each one's own.
--
--              | select            | insert | update | delete
-- admin        | own               | own    | own    | own
-- manager      | own               | own    | own    | own
-- accountant   | own               | own    | own    | own
-- observer     | own               | own    | own    | own
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.notification_preferences');

create policy "people read their own notification preferences" on public.notification_preferences
for select
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people add their own notification preferences" on public.notification_preferences
for insert
to authenticated
with check ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people change their own notification preferences" on public.notification_preferences
for update
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()))
with check ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people delete their own notification preferences" on public.notification_preferences
for delete
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));
-- end of portrait: notification_preferences.sql

-- portrait: retention_progress.sql
-- How far retention has come; written by its own function only.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.retention_progress');

create policy "admins read how far retention has come" on public.retention_progress
for select
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: retention_progress.sql

-- portrait: saved_views.sql
-- Lists that people keep: each one's own.
--
--              | select            | insert | update | delete
-- admin        | own               | own    | own    | own
-- manager      | own               | own    | own    | own
-- accountant   | own               | own    | own    | own
-- observer     | own               | own    | own    | own
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.saved_views');

create policy "people read their own saved views" on public.saved_views
for select
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people add their own saved views" on public.saved_views
for insert
to authenticated
with check ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people change their own saved views" on public.saved_views
for update
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()))
with check ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people delete their own saved views" on public.saved_views
for delete
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));
-- end of portrait: saved_views.sql

-- portrait: settings.sql
-- Settings of the firm. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | all    | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | yes    | –
-- anon         | –                 | –      | –      | –
--
-- One row, which stays. The service writes what the bot said of itself.

select private.drop_policies('public.settings');

create policy "people of the firm read the settings" on public.settings
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins change the settings" on public.settings
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');
-- end of portrait: settings.sql

-- portrait: sign_in_log.sql
-- What became of each sign-in and password. Nobody changes or removes an entry.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | own entries       | –      | –      | –
-- accountant   | own entries       | –      | –      | –
-- observer     | own entries       | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.sign_in_log');

create policy "admins read every sign-in" on public.sign_in_log
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "people of the firm read their own sign-ins" on public.sign_in_log
for select
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));
-- end of portrait: sign_in_log.sql

-- portrait: sla_alerts.sql
-- Alerts raised.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | of own chats      | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- The engine alone writes alerts. Admins and managers resolve any (api.resolve_alert), accountants acknowledge their own with the window
-- (api.acknowledge_request).

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
-- admin        | all               | all    | all    | all
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- Ladders and versions follow: api.change_ladder, for admins.

select private.drop_policies('public.sla_policies');

create policy "people of the firm read the sla policies" on public.sla_policies
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins add sla policies" on public.sla_policies
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change sla policies" on public.sla_policies
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete sla policies" on public.sla_policies
for delete
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: sla_policies.sql

-- portrait: staff_invitations.sql
-- Invitations. Written by functions of schema api only: who may invite whom is said there.
--
--              | select             | insert | update | delete
-- admin        | all                | –      | –      | –
-- manager      | own, into own team | –      | –      | –
-- accountant   | –                  | –      | –      | –
-- observer     | –                  | –      | –      | –
-- service role | all                | yes    | yes    | yes
-- anon         | –                  | –      | –      | –

select private.drop_policies('public.staff_invitations');

create policy "admins read every invitation" on public.staff_invitations
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read their own invitations and those into their team" on public.staff_invitations
for select
to authenticated
using ((select private.role()) = 'manager' and (select auth.uid()) in (invited_by, manager_id));
-- end of portrait: staff_invitations.sql

-- portrait: telegram_links.sql
-- Links that tie a Telegram account. Each person sees the own; written by functions of schema api only.
--
--              | select | insert | update | delete
-- admin        | own    | –      | –      | –
-- manager      | own    | –      | –      | –
-- accountant   | own    | –      | –      | –
-- observer     | own    | –      | –      | –
-- service role | all    | yes    | yes    | yes
-- anon         | –      | –      | –      | –

select private.drop_policies('public.telegram_links');

create policy "people read their own telegram links" on public.telegram_links
for select
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));
-- end of portrait: telegram_links.sql

-- portrait: templates.sql
-- Ready texts.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- Use is counted by api.use_template, for accountants too.

select private.drop_policies('public.templates');

create policy "people of the firm read the templates" on public.templates
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add templates" on public.templates
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change templates" on public.templates
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete templates" on public.templates
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
-- end of portrait: templates.sql

-- portrait: users.sql
-- People of the firm.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | all    | –
-- manager      | all               | –      | own    | –
-- accountant   | all               | –      | own    | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- Contact data is hidden from accountants by api.users. One reads oneself only while active: a deactivated person reads nothing.
-- Changed is a profile, never role, active, e-mail or Telegram account (column grants): those change through functions. People come by
-- invitation and go by an operator's command.

select private.drop_policies('public.users');

create policy "people of the firm read each other" on public.users
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins change every profile" on public.users
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "managers and accountants change their own profile" on public.users
for update
to authenticated
using ((select private.role()) in ('manager', 'accountant') and id = (select auth.uid()))
with check ((select private.role()) in ('manager', 'accountant') and id = (select auth.uid()));
-- end of portrait: users.sql

-- portrait: working_intervals.sql
-- Weekly hours. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.working_intervals');

create policy "people of the firm read the working intervals" on public.working_intervals
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add weekly hours" on public.working_intervals
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change weekly hours" on public.working_intervals
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete weekly hours" on public.working_intervals
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
-- end of portrait: working_intervals.sql

-- portrait: working_schedules.sql
-- Schedules. Everybody of the firm reads it: the clock answers null to who may not read the calendar.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | all    | all    | all
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.working_schedules');

create policy "people of the firm read the working schedules" on public.working_schedules
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins and managers add schedules" on public.working_schedules
for insert
to authenticated
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers change schedules" on public.working_schedules
for update
to authenticated
using ((select private.role()) in ('admin', 'manager'))
with check ((select private.role()) in ('admin', 'manager'));

create policy "admins and managers delete schedules" on public.working_schedules
for delete
to authenticated
using ((select private.role()) in ('admin', 'manager'));
-- end of portrait: working_schedules.sql
