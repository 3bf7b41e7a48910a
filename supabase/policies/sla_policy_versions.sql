-- What policies said. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.sla_policy_versions');

create policy "people of the firm read what policies said" on public.sla_policy_versions
for select
to authenticated
using ((select private.role()) is not null);
