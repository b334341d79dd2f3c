-- Places on the nodes of a Citus cluster, several on each. Writers that enter by
-- a worker hold the lock of their app beside a place that lies on it, so that whoever needs the app alone finds them all.
-- `landfall store distribute` fills it; elsewhere it is empty.

CREATE TABLE landfall.places (
    place text COLLATE "C" NOT NULL PRIMARY KEY
);
