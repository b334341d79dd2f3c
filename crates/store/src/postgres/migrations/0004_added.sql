-- Jobs that added to a group which another one made: 16 hexadecimal digits each, with a space behind.

ALTER TABLE landfall.origins ADD COLUMN added text NOT NULL DEFAULT '';

CREATE INDEX origins_added_to ON landfall.origins (sdk_app_id, group_id) WHERE added <> '';
