-- Where groups came from that jobs brought in whole: what they were called there, and what they looked like then.
--
-- In a database whose tables were distributed before, `landfall store distribute` distributes this one too.

CREATE TABLE landfall.origins (
    sdk_app_id bigint NOT NULL CHECK (sdk_app_id BETWEEN 0 AND 4294967295),
    group_id text COLLATE "C" NOT NULL CHECK (octet_length(group_id) BETWEEN 1 AND 96),
    -- 64 bits without a sign.
    job bigint NOT NULL,
    -- The source, and the name of the group there. Escaped as other free texts.
    src text NOT NULL,
    src_key text NOT NULL,
    -- A sum over what was brought in.
    digest text NOT NULL,
    -- What the source had and no row of the group holds.
    carried bytea NOT NULL,
    brought bigint NOT NULL CHECK (brought >= 0),
    -- Another one once the group was touched; 64 bits without a sign.
    seal bigint NOT NULL,
    PRIMARY KEY (sdk_app_id, group_id)
);

-- Its condition is always true. It keeps the index from statements that look for origins by their groups.
CREATE INDEX origins_by_job ON landfall.origins (sdk_app_id, job, group_id) WHERE brought >= 0;
