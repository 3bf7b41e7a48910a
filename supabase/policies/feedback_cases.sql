-- Low ratings and what became of them, with names: for those who run the firm. Written through functions only.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.feedback_cases');

create policy "admins and managers read every case" on public.feedback_cases
for select
to authenticated
using ((select private.role()) in ('admin', 'manager'));
