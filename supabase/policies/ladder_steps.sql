-- Ladders of the policies. Everybody of the firm reads them.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.ladder_steps');

create policy "people of the firm read the ladders" on public.ladder_steps
for select
to authenticated
using ((select private.role()) is not null);
