-- Policies. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | all    | all    | all
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- Ladders and versions follow: api.change_ladder, for admins.

select private.drop_policies('public.sla_policies');

create policy "people of the firm read the sla policies" on public.sla_policies
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins add sla policies" on public.sla_policies
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change sla policies" on public.sla_policies
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete sla policies" on public.sla_policies
for delete
to authenticated
using ((select private.role()) = 'admin');
