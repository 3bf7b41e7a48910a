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
