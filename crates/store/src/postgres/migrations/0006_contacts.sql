-- What lists of conversations show as the time of a group's last message, where an import since has left them as they were.
ALTER TABLE landfall.groups ADD COLUMN listed bigint CHECK (listed >= 0);
