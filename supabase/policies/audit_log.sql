-- Who did what; written by triggers and private.record_event, by nobody by hand. Partitions carry row security without policies or grants.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | own entries       | –      | –      | –
-- accountant   | own entries       | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.audit_log');

create policy "admins read every entry" on public.audit_log
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "managers and accountants read their own entries" on public.audit_log
for select
to authenticated
using ((select private.role()) in ('manager', 'accountant') and actor_id = (select auth.uid()));
