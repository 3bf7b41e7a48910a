-- Settings of the firm. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.settings');

create policy "people of the firm read the settings" on public.settings
for select
to authenticated
using ((select private.role()) is not null);
