-- The append-only log of the register, and the toegang stream beside it.

-- Settings of this store, one value each. `schema` is the number of the last migration; `minimaal`
-- is the lowest such number that a program must know to work with this schema: a migration that
-- an older program cannot live with raises it. Keys are drawn by the first program.
CREATE TABLE meta (
    sleutel text PRIMARY KEY,
    getal   bigint,
    bytes   bytea
);
INSERT INTO meta (sleutel, getal)
VALUES ('schema', 1), ('minimaal', 1), ('vergeten_tot_en_met', 0);

-- Numbers of stages. They are not in the order of publication.
CREATE SEQUENCE stage_nummer AS bigint MAXVALUE 2147483647;

-- Lines of commits and of the import that is staging. nr = stage * 2^32 + index in the stage,
-- so that a stage is one range of the table and staging only ever writes at its end.
-- inhoud and merk both empty: the object is gone. merk stands in for content in `zij`.
CREATE TABLE regel (
    nr      bigint PRIMARY KEY,
    soort   smallint NOT NULL,
    sleutel bytea NOT NULL,
    inhoud  bytea,
    merk    bytea
);

-- All lines about one object.
CREATE INDEX regel_object ON regel (soort, sleutel, nr);

-- Content about people and students, which is deleted from. The log does not depend on it. It is
-- vacuumed soon, so that what is forgotten does not stand in it for long.
CREATE TABLE zij (
    nr     bigint PRIMARY KEY,
    inhoud bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- One row makes a whole stage visible.
CREATE TABLE commit_log (
    nummer      bigint PRIMARY KEY,
    tijdlijn    bigint NOT NULL,
    stage       bigint NOT NULL UNIQUE,
    tijdstip_ms bigint NOT NULL,
    request_id  bytea NOT NULL UNIQUE,
    regels      bigint NOT NULL,
    digest      bytea NOT NULL,
    vorige_hash bytea NOT NULL,
    hash        bytea NOT NULL
);

-- Stages that were opened and neither published nor discarded: what a dead import left behind.
-- weg: somebody is discarding it, so it can no longer be published.
CREATE TABLE open_stage (
    stage bigint PRIMARY KEY,
    weg   boolean NOT NULL DEFAULT false
);

-- Which physical history of the database each tijdlijn belongs to, and after which commit it
-- began: a promotion or a restore gives another system identifier or timeline.
CREATE TABLE tijdlijn (
    tijdlijn    bigint PRIMARY KEY,
    na_nummer   bigint NOT NULL,
    systeem     bigint NOT NULL,
    db_tijdlijn text NOT NULL,
    tijdstip    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO tijdlijn (tijdlijn, na_nummer, systeem, db_tijdlijn)
SELECT 1, 0, system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
FROM pg_control_system();

-- Every document of toegang that was ever put in force.
CREATE TABLE toegang (
    versie      bigint PRIMARY KEY,
    tijdstip_ms bigint NOT NULL,
    sha256      bytea NOT NULL,
    document    text NOT NULL
);
