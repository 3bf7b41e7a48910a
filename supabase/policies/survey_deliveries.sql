-- Whom a survey asked, and who was not reached: for those who run the firm. Planned and sent by the service.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- Not for accountants: how many people could vote in a chat, beside a count of votes, would name who did.

select private.drop_policies('public.survey_deliveries');

create policy "admins and managers read every delivery" on public.survey_deliveries
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));
