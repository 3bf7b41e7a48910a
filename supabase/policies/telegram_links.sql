-- Links that tie a Telegram account. Each person sees the own; written by functions of schema api only.
--
--              | select | insert | update | delete
-- admin        | own    | –      | –      | –
-- manager      | own    | –      | –      | –
-- accountant   | own    | –      | –      | –
-- observer     | own    | –      | –      | –
-- service role | all    | yes    | yes    | yes
-- anon         | –      | –      | –      | –

select private.drop_policies('public.telegram_links');

create policy "people read their own telegram links" on public.telegram_links
for select
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));
