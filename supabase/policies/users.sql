-- People of the firm.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- Contact data is hidden from accountants by api.users. One reads oneself only while active: a deactivated person reads nothing.

select private.drop_policies('public.users');

create policy "people of the firm read each other" on public.users
for select
to authenticated
using ((select private.role()) is not null);
