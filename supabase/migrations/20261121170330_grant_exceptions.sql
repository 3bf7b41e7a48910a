-- Whose message opens a window at night is told when the firm opens again, and why it is closed: intake looks into the calendar for that.
set lock_timeout = '5s';

grant execute on function private.exceptions_in_force(uuid, daterange) to service_role;
