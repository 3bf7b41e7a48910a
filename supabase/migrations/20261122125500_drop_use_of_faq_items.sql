-- A use of an answer is counted with the answer itself, in private.count_faq_uses; nobody called this.
set lock_timeout = '5s';

-- squawk-ignore ban-drop-function
drop function api.use_faq_item(uuid);
