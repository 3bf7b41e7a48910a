-- Settings of the firm. Everybody of the firm reads it.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | all    | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | –      | yes    | –
-- anon         | –                 | –      | –      | –
--
-- One row, which stays. The service writes what the bot said of itself.

select private.drop_policies('public.settings');

create policy "people of the firm read the settings" on public.settings
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins change the settings" on public.settings
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');
