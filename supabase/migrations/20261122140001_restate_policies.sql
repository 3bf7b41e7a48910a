-- What supabase/policies says by now; written by `make policies`.
set lock_timeout = '5s';

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
-- Looked up in a hash: a report asks it of every window of its period.
using (chat_id in (select unnest((select private.own_chat_ids()))));
-- end of portrait: client_requests.sql

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
-- Use is counted by private.count_faq_uses, where the bot offers it.

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

-- portrait: feedback_cases.sql
-- Low ratings and what became of them, with names: for those who run the firm. Written through functions only.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –
--
-- People read them in api.find_cases, and nothing else: with an own right to look, the planner's guesses would tell everybody of them.

select private.drop_policies('public.feedback_cases');
-- end of portrait: feedback_cases.sql

-- portrait: feedback_responses.sql
-- Votes with names: for those who run the firm. Nobody changes or deletes what was cast.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –
--
-- Admins and managers read them in api.find_votes, accountants and observers groups of three or more in api.feedback_summary, and nothing
-- else: with an own right to look, the planner's guesses would tell everybody of them.

select private.drop_policies('public.feedback_responses');
-- end of portrait: feedback_responses.sql

-- portrait: published_groups.sql
-- What accountants and observers may know of surveys that have ended. Written as a survey ends, and never again.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- People read it in api.feedback_summary, and nothing else.

select private.drop_policies('public.published_groups');
-- end of portrait: published_groups.sql

-- portrait: survey_deliveries.sql
-- Whom a survey asked, and who was not reached: for those who run the firm. Planned and sent by the service.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- People read them in api.find_deliveries, and nothing else: how many people could vote in a chat, beside a count of votes, would name who
-- did, and with an own right to look the planner's guesses would tell everybody of them.

select private.drop_policies('public.survey_deliveries');
-- end of portrait: survey_deliveries.sql
