-- People of the firm.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | all    | –
-- manager      | all               | –      | own    | –
-- accountant   | all               | –      | own    | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –
--
-- Contact data is hidden from accountants by api.users. One reads oneself only while active: a deactivated person reads nothing.
-- Changed is a profile, never role, active, e-mail or Telegram account (column grants): those change through functions. People come by
-- invitation and go by an operator's command.

select private.drop_policies('public.users');

create policy "people of the firm read each other" on public.users
for select
to authenticated
using ((select private.role()) is not null);

create policy "admins change every profile" on public.users
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "managers and accountants change their own profile" on public.users
for update
to authenticated
using ((select private.role()) in ('manager', 'accountant') and id = (select auth.uid()))
with check ((select private.role()) in ('manager', 'accountant') and id = (select auth.uid()));
