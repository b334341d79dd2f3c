-- What is left of accounts that were kicked and then deleted: the signatures made before stay invalid, also for an
-- account of the same name. The kick of an account that is there stands in its own row.
--
-- In a database whose tables were distributed before, `landfall store distribute` distributes this one too.

CREATE TABLE landfall.kicks (
    sdk_app_id bigint NOT NULL CHECK (sdk_app_id BETWEEN 0 AND 4294967295),
    account text COLLATE "C" NOT NULL CHECK (octet_length(account) BETWEEN 1 AND 32),
    -- Signatures made before are invalid.
    signatures_from bigint NOT NULL CHECK (signatures_from > 0),
    PRIMARY KEY (sdk_app_id, account)
);
