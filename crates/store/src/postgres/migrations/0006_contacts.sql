-- What lists of conversations show as the time of a group's last message, where an import since has left them as they were.
ALTER TABLE landfall.groups ADD COLUMN listed bigint;

-- By itself and with a name: Citus adds no column together with its constraint.
ALTER TABLE landfall.groups ADD CONSTRAINT groups_listed_check CHECK (listed >= 0);
