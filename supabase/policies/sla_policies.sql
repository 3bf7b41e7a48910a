-- Policies. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.sla_policies');

create policy "people of the firm read the sla policies" on public.sla_policies
for select
to authenticated
using ((select private.role()) is not null);
