-- Faults by kind and place. Written by api.note_errors and api.resolve_error alone.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.error_groups');

create policy "admins read every kind of fault" on public.error_groups
for select
to authenticated
using ((select private.role()) = 'admin');
