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
    proef             INTEGER NOT NULL DEFAULT 0,
    laatste_poging_ms INTEGER,
    laatste_uitkomst  TEXT
) WITHOUT ROWID;
CREATE INDEX abonnement_afnemer ON abonnement (afnemer);

-- One number of a subscription. staat: 0 waits, 1 delivered, 2 dropped, 3 dead letter. inhoud holds keys of
-- students' bpvo's and is taken out after the retention; the rest stays.
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
CREATE INDEX melding_wacht ON melding (abonnement, leerbedrijf, volgnummer) WHERE staat = 0;
CREATE INDEX melding_dood ON melding (abonnement, volgnummer) WHERE staat = 3;
CREATE INDEX melding_oud ON melding (geregistreerd_ms) WHERE inhoud IS NOT NULL;

-- The lane of a leerbedrijf within a subscription. kop: its first number that waits, which alone can be
-- lent; volgende_ms: from when on. While it is lent that is the end of the loan.
CREATE TABLE baan (
    abonnement  BLOB NOT NULL,
    leerbedrijf INTEGER NOT NULL,
    laatste     INTEGER NOT NULL,
    kop         INTEGER,
    pogingen    INTEGER NOT NULL DEFAULT 0,
    volgende_ms INTEGER NOT NULL,
    lease       BLOB,
    PRIMARY KEY (abonnement, leerbedrijf)
) WITHOUT ROWID;
CREATE INDEX baan_wacht ON baan (abonnement, volgende_ms, kop) WHERE kop IS NOT NULL;
CREATE INDEX baan_kop ON baan (abonnement, kop) WHERE kop IS NOT NULL;

-- Every attempt to deliver. Of the answer a hash alone: error pages carry names.
CREATE TABLE poging (
    abonnement   BLOB NOT NULL,
    volgnummer   INTEGER NOT NULL,
    tijdstip_ms  INTEGER NOT NULL,
    http_status  INTEGER,
    duur_ms      INTEGER NOT NULL,
    antwoord     BLOB,
    uitkomst     TEXT NOT NULL
);
CREATE INDEX poging_melding ON poging (abonnement, volgnummer, tijdstip_ms);

-- What operators did.
CREATE TABLE beheerdaad (
    nr          INTEGER PRIMARY KEY,
    tijdstip_ms INTEGER NOT NULL,
    wie         TEXT NOT NULL,
    daad        TEXT NOT NULL,
    abonnement  BLOB NOT NULL,
    toelichting TEXT NOT NULL
);
