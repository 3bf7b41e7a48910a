-- What people want to be told of: each one's own.
--
--              | select            | insert | update | delete
-- admin        | own               | own    | own    | own
-- manager      | own               | own    | own    | own
-- accountant   | own               | own    | own    | own
-- observer     | own               | own    | own    | own
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.notification_preferences');

create policy "people read their own notification preferences" on public.notification_preferences
for select
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people add their own notification preferences" on public.notification_preferences
for insert
to authenticated
with check ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people change their own notification preferences" on public.notification_preferences
for update
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()))
with check ((select private.role()) is not null and user_id = (select auth.uid()));

create policy "people delete their own notification preferences" on public.notification_preferences
for delete
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));
