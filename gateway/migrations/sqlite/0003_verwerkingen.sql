-- The record of processing, as the nodes wrote it to their journals and shipped it.

-- A journal of a node, and one row more (tak) each time that it turned out to be another than what had come of it.
-- blok, hash, segment, positie: the last block that came, and where its node goes on behind it. basis: the block before
-- the first that stands here, by which the chain is checked when blocks were removed after their time.
CREATE TABLE verwerking_journaal (
    nr            INTEGER PRIMARY KEY,
    journaal      BLOB NOT NULL,
    tak           INTEGER NOT NULL,
    knoop         TEXT NOT NULL,
    afwijking     TEXT,
    erkend_ms     INTEGER,
    blok          INTEGER NOT NULL,
    hash          BLOB NOT NULL,
    segment       INTEGER NOT NULL,
    positie       INTEGER NOT NULL,
    bijgewerkt_ms INTEGER NOT NULL,
    basis_blok    INTEGER NOT NULL,
    basis_hash    BLOB NOT NULL,
    UNIQUE (journaal, tak)
);

-- A block, byte for byte: inhoud holds the answers with pseudonyms of whom they were about. kop is the header of a
-- segment, with its first block.
CREATE TABLE verwerking_blok (
    journaal    INTEGER NOT NULL,
    blok        INTEGER NOT NULL,
    tijdstip_ms INTEGER NOT NULL,
    kop         BLOB,
    inhoud      BLOB NOT NULL,
    hash        BLOB NOT NULL,
    PRIMARY KEY (journaal, blok)
);

-- In which blocks somebody stands.
CREATE TABLE verwerking_betrokkene (
    pseudonym BLOB NOT NULL,
    journaal  INTEGER NOT NULL,
    blok      INTEGER NOT NULL,
    PRIMARY KEY (pseudonym, journaal, blok)
) WITHOUT ROWID;

-- Who looked into it, and what operators did to it. It names nobody whom it is about but by pseudonym.
CREATE TABLE verwerking_daad (
    id          BLOB PRIMARY KEY,
    tijdstip_ms INTEGER NOT NULL,
    wie         TEXT NOT NULL,
    daad        TEXT NOT NULL,
    toelichting TEXT NOT NULL
);
CREATE INDEX verwerking_daad_tijd ON verwerking_daad (tijdstip_ms);

-- How often an afnemer asked something, by day in Amsterdam. school is empty where it was not known.
CREATE TABLE gebruik (
    afnemer  TEXT NOT NULL,
    school   TEXT NOT NULL,
    dag      INTEGER NOT NULL,
    operatie TEXT NOT NULL,
    uitkomst TEXT NOT NULL,
    aantal   INTEGER NOT NULL,
    PRIMARY KEY (afnemer, school, dag, operatie, uitkomst)
);
CREATE INDEX gebruik_dag ON gebruik (dag);
