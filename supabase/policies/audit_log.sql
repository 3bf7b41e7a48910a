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
