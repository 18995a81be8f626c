-- The record of processing, as the nodes wrote it to their journals and shipped it.

-- A journal of a node, and one row more (tak) each time that it turned out to be another than what had come of it.
-- blok, hash, segment, positie: the last block that came, and where its node goes on behind it. basis: the block before
-- the first that stands here, by which the chain is checked when blocks were removed after their time.
CREATE TABLE verwerking_journaal (
    nr            bigint PRIMARY KEY,
    journaal      bytea NOT NULL,
    tak           bigint NOT NULL,
    knoop         text NOT NULL,
    afwijking     text,
    erkend_ms     bigint,
    blok          bigint NOT NULL,
    hash          bytea NOT NULL,
    segment       bigint NOT NULL,
    positie       bigint NOT NULL,
    bijgewerkt_ms bigint NOT NULL,
    basis_blok    bigint NOT NULL,
    basis_hash    bytea NOT NULL,
    UNIQUE (journaal, tak)
);

-- A block, byte for byte: inhoud holds the answers with pseudonyms of whom they were about. kop is the header of a
-- segment, with its first block.
CREATE TABLE verwerking_blok (
    journaal    bigint NOT NULL,
    blok        bigint NOT NULL,
    tijdstip_ms bigint NOT NULL,
    kop         bytea,
    inhoud      bytea NOT NULL,
    hash        bytea NOT NULL,
    PRIMARY KEY (journaal, blok)
);

-- In which blocks somebody stands.
CREATE TABLE verwerking_betrokkene (
    pseudonym bytea NOT NULL,
    journaal  bigint NOT NULL,
    blok      bigint NOT NULL,
    PRIMARY KEY (pseudonym, journaal, blok)
);

-- Who looked into it, and what operators did to it. It names nobody whom it is about but by pseudonym.
CREATE TABLE verwerking_daad (
    id          bytea PRIMARY KEY,
    tijdstip_ms bigint NOT NULL,
    wie         text NOT NULL,
    daad        text NOT NULL,
    toelichting text NOT NULL
);
CREATE INDEX verwerking_daad_tijd ON verwerking_daad (tijdstip_ms);

-- How often an afnemer asked something, by day in Amsterdam. school is empty where it was not known.
CREATE TABLE gebruik (
    afnemer  text NOT NULL,
    school   text NOT NULL,
    dag      bigint NOT NULL,
    operatie text NOT NULL,
    uitkomst text NOT NULL,
    aantal   bigint NOT NULL,
    PRIMARY KEY (afnemer, school, dag, operatie, uitkomst)
);
CREATE INDEX gebruik_dag ON gebruik (dag);

-- A program that knows no record of processing goes on.
UPDATE meta SET getal = 3 WHERE sleutel = 'schema';
