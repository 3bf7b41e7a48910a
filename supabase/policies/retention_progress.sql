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
