-- What accounts say of themselves and have to do with each other, and the messages between two of them.
--
-- A subject is an account, by its name; a pair of accounts, by both names with a tab between them, the lower one first;
-- or the app as a whole, by the empty name.
--
-- In a database whose tables were distributed before, `landfall store distribute` distributes these too.

-- Small records by kind and name, as the parts of groups are.
CREATE TABLE landfall.facts (
    sdk_app_id bigint NOT NULL CHECK (sdk_app_id BETWEEN 0 AND 4294967295),
    subject text COLLATE "C" NOT NULL CHECK (octet_length(subject) <= 65),
    kind smallint NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- The other account that the fact names, if it names one: the fact goes when that account is deleted.
    peer text COLLATE "C" CHECK (octet_length(peer) BETWEEN 1 AND 32),
    fact text NOT NULL,
    PRIMARY KEY (sdk_app_id, subject, kind, name)
);

CREATE INDEX facts_by_peer ON landfall.facts (sdk_app_id, peer) WHERE peer IS NOT NULL;

-- Messages between two accounts.
CREATE TABLE landfall.direct_messages (
    sdk_app_id bigint NOT NULL CHECK (sdk_app_id BETWEEN 0 AND 4294967295),
    subject text COLLATE "C" NOT NULL CHECK (octet_length(subject) BETWEEN 3 AND 65),
    -- Its place in the order of arrival.
    seq bigint NOT NULL,
    -- These three identify it, and are the order of the history.
    sent bigint NOT NULL,
    number bigint NOT NULL,
    random bigint NOT NULL,
    sender text COLLATE "C" NOT NULL,
    -- 0 kept, 1 deleted, 2 recalled
    state smallint NOT NULL,
    hidden_from_sender boolean NOT NULL,
    hidden_from_receiver boolean NOT NULL,
    -- Confirmed by its receiver.
    read boolean NOT NULL,
    -- As in landfall.messages.
    elements text NOT NULL,
    custom text NOT NULL,
    details text NOT NULL,
    PRIMARY KEY (sdk_app_id, subject, seq),
    UNIQUE (sdk_app_id, subject, sent, number, random)
);

-- The days, counted from 1970, on which a pair has messages: what is old is found by them.
CREATE TABLE landfall.direct_days (
    sdk_app_id bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    day bigint NOT NULL,
    PRIMARY KEY (sdk_app_id, subject, day)
);

-- Its condition is always true. It keeps the index from statements that look for days by their pairs.
CREATE INDEX direct_days_in_order ON landfall.direct_days (sdk_app_id, day, subject) WHERE day >= 0;
