-- What was handed to Telegram in the last minute: the service's alone, nobody is granted anything on it.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | –      | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.outbox_sends');
