-- What the processes say of themselves.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.process_reports');

create policy "admins read what the processes say" on public.process_reports
for select
to authenticated
using ((select private.role()) = 'admin');
