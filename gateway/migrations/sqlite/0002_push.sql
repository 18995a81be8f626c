-- Subscriptions, what each of them is to hear, and the queue of deliveries.

-- Up to where the log was fanned out, and a count of changes of subscriptions. One row.
CREATE TABLE push_stand (
    een     INTEGER PRIMARY KEY CHECK (een = 1),
    nummer  INTEGER NOT NULL,
    regel   INTEGER NOT NULL,
    revisie INTEGER NOT NULL
);
-- Without subscriptions nothing of before is owed to anybody.
INSERT INTO push_stand (een, nummer, regel, revisie)
SELECT 1, coalesce(max(nummer), 0) + 1, 0, 0 FROM commit_log;

-- inhoud: the subscription itself, with its secrets. The rest is how its endpoint does.
CREATE TABLE abonnement (
    id                BLOB PRIMARY KEY,
    afnemer           TEXT NOT NULL,
    open              INTEGER NOT NULL,
    inhoud            BLOB NOT NULL,
    laatste           INTEGER NOT NULL DEFAULT 0,
    faalt_sinds_ms    INTEGER,
    mislukt           INTEGER NOT NULL DEFAULT 0,
    niet_voor_ms      INTEGER,
    proef             INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX abonnement_afnemer ON abonnement (afnemer);

-- How far the delivery of a subscription is, and which node has it on loan. klaar: up to and with this number
-- all is dealt with, but for the lanes in achterstand; los: numbers behind it that are dealt with too. beurt
-- counts what others than its lender changed.
CREATE TABLE bezorging (
    abonnement        BLOB PRIMARY KEY,
    klaar             INTEGER NOT NULL DEFAULT 0,
    los               BLOB NOT NULL DEFAULT x'',
    beurt             INTEGER NOT NULL DEFAULT 0,
    lener             BLOB,
    geleend_tot_ms    INTEGER NOT NULL DEFAULT 0,
    laatste_poging_ms INTEGER,
    laatste_uitkomst  TEXT
) WITHOUT ROWID;

-- Nodes that deliver, and until when they count as such.
CREATE TABLE bezorger (
    id     BLOB PRIMARY KEY,
    tot_ms INTEGER NOT NULL
) WITHOUT ROWID;

-- One number of a subscription. staat: 0 as bezorging and achterstand say, 2 dropped, 3 dead letter, 4 waits once
-- more. inhoud holds keys of students' bpvo's and is taken out after the retention; the rest stays.
CREATE TABLE melding (
    abonnement      BLOB NOT NULL,
    volgnummer      INTEGER NOT NULL,
    mutatie_id      BLOB NOT NULL,
    leerbedrijf     INTEGER NOT NULL,
    school          TEXT NOT NULL,
    vorig           INTEGER,
    staat           INTEGER NOT NULL DEFAULT 0,
    geregistreerd_ms INTEGER NOT NULL,
    inhoud          BLOB,
    PRIMARY KEY (abonnement, volgnummer)
) WITHOUT ROWID;
CREATE UNIQUE INDEX melding_id ON melding (abonnement, mutatie_id);
CREATE INDEX melding_leerbedrijf ON melding (abonnement, leerbedrijf, volgnummer);
CREATE INDEX melding_apart ON melding (abonnement, staat, volgnummer) WHERE staat <> 0;
CREATE INDEX melding_oud ON melding (geregistreerd_ms) WHERE inhoud IS NOT NULL;

-- A leerbedrijf whose next number did not go at once, or goes once more: its numbers from vanaf on wait, as far as
-- klaar or the reading of its lender came, and so do those that wait once more.
CREATE TABLE achterstand (
    abonnement  BLOB NOT NULL,
    leerbedrijf INTEGER NOT NULL,
    vanaf       INTEGER NOT NULL,
    pogingen    INTEGER NOT NULL DEFAULT 0,
    volgende_ms INTEGER NOT NULL,
    PRIMARY KEY (abonnement, leerbedrijf)
) WITHOUT ROWID;
CREATE INDEX achterstand_volgende ON achterstand (abonnement, volgende_ms);
CREATE INDEX achterstand_vanaf ON achterstand (abonnement, vanaf);

-- Attempts to deliver, as many in a row as were recorded together. Of the answer a hash alone: error pages carry
-- names.
CREATE TABLE pogingen (
    nr          INTEGER PRIMARY KEY,
    abonnement  BLOB NOT NULL,
    eerste      INTEGER NOT NULL,
    laatste     INTEGER NOT NULL,
    tijdstip_ms INTEGER NOT NULL,
    inhoud      BLOB NOT NULL
);
CREATE INDEX pogingen_tijdstip ON pogingen (abonnement, tijdstip_ms);

-- What operators did.
CREATE TABLE beheerdaad (
    nr          INTEGER PRIMARY KEY,
    tijdstip_ms INTEGER NOT NULL,
    wie         TEXT NOT NULL,
    daad        TEXT NOT NULL,
    abonnement  BLOB NOT NULL,
    toelichting TEXT NOT NULL
);
