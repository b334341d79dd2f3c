-- One transaction as the server's own for a batch of imports: each group with its owner's rows, the account where it
-- is missing, and the figure of how many groups there are. Columns and lengths are those of the imports beside it.
\set first :start + (:batch * :clients + :client_id) * :rows
\set last :first + :rows - 1
\set batch :batch + 1
BEGIN;
INSERT INTO landfall.groups (sdk_app_id, group_id, kind, name, introduction, notification, face_url, fields,
    max_members, join_option, owner, support_topic, invite_option, mute_all, created, info_seq, info_changed,
    next_message_seq, last_message, read_by_all, cleared, first_kept, history_before_join, permissions_enabled,
    default_permissions, active, member_count, list_position)
SELECT :app::bigint, 'grp-' || left(md5(n::text), 16), 1, 'Imported ' || lpad(n::text, 10, '0'), '', '', '',
    ('[["OldRoomNo","' || lpad(n::text, 10, '0') || '"]]')::jsonb, 2000, 1,
    'account-' || lpad((n % :owners::bigint)::text, 4, '0'), false, 2, false, extract(epoch FROM now())::bigint, 0,
    extract(epoch FROM now())::bigint, 1, 0, 0, 0, 1, false, false, 0, true, 1, n
FROM generate_series(:first::bigint, :last::bigint) AS numbers (n)
ON CONFLICT (sdk_app_id, group_id) DO NOTHING;
INSERT INTO landfall.accounts (sdk_app_id, account, nick, face_url, created, placeholder, signatures_from)
SELECT :app::bigint, 'account-' || lpad((n % :owners::bigint)::text, 4, '0'), '', '',
    extract(epoch FROM now())::bigint, true, 0
FROM generate_series(:first::bigint, :last::bigint) AS numbers (n)
ON CONFLICT (sdk_app_id, account) DO NOTHING;
INSERT INTO landfall.members (sdk_app_id, group_id, account, role, joined, read_seq, read_made_at, receive_option,
    muted_until, last_message, name_card, fields)
SELECT :app::bigint, 'grp-' || left(md5(n::text), 16), 'account-' || lpad((n % :owners::bigint)::text, 4, '0'), 0,
    extract(epoch FROM now())::bigint, 0, 0, 0, 0, 0, '', '[]'::jsonb
FROM generate_series(:first::bigint, :last::bigint) AS numbers (n);
INSERT INTO landfall.memberships (sdk_app_id, account, group_id, kind, support_topic)
SELECT :app::bigint, 'account-' || lpad((n % :owners::bigint)::text, 4, '0'), 'grp-' || left(md5(n::text), 16), 1,
    false
FROM generate_series(:first::bigint, :last::bigint) AS numbers (n);
INSERT INTO landfall.group_counts AS counts (sdk_app_id, kind, part, groups)
VALUES (:app::bigint, 1, pg_backend_pid() % 64, :rows::bigint)
ON CONFLICT (sdk_app_id, kind, part) DO UPDATE SET groups = counts.groups + excluded.groups;
COMMIT;
