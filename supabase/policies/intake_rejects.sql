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
