-- Who runs whose work. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.manager_accountants');

create policy "people of the firm read who runs whose work" on public.manager_accountants
for select
to authenticated
using ((select private.role()) is not null);
