-- The append-only log of the register.

-- Settings of this store: the tijdlijn, the next stage, keys. One value each.
CREATE TABLE meta (
    sleutel TEXT PRIMARY KEY,
    waarde  BLOB NOT NULL
) WITHOUT ROWID;

-- Lines of commits and of the import that is staging. nr = stage * 2^32 + index in the stage,
-- so that a stage is one range of the table and staging only ever writes at its end.
-- inhoud and merk both empty: the object is gone. merk stands in for content in `zij`.
CREATE TABLE regel (
    nr      INTEGER PRIMARY KEY,
    soort   INTEGER NOT NULL,
    sleutel BLOB NOT NULL,
    inhoud  BLOB,
    merk    BLOB
);

-- All lines about one object; the row's nr is part of every index entry.
CREATE INDEX regel_object ON regel (soort, sleutel);

-- Content about people and students, which is deleted from. The log does not depend on it.
CREATE TABLE zij (
    nr     INTEGER PRIMARY KEY,
    inhoud BLOB NOT NULL
);

-- One row makes a whole stage visible.
CREATE TABLE commit_log (
    nummer      INTEGER PRIMARY KEY,
    tijdlijn    INTEGER NOT NULL,
    stage       INTEGER NOT NULL UNIQUE,
    tijdstip_ms INTEGER NOT NULL,
    request_id  BLOB NOT NULL UNIQUE,
    regels      INTEGER NOT NULL,
    digest      BLOB NOT NULL,
    vorige_hash BLOB NOT NULL,
    hash        BLOB NOT NULL
);

-- Stages that were opened and neither published nor discarded: what a dead import left behind.
CREATE TABLE open_stage (
    stage INTEGER PRIMARY KEY
);
