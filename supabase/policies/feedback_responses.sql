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
