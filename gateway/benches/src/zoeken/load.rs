//! The register into PostgreSQL, with every answer as the JSON that is sent.

use std::io::{self, Write};

use postgres::{Client, CopyInWriter};
use serde::Serialize;
use stagepoort::{
    domain::{Adres, Coordinaten, Datum, Erkenning, Leerplaats, Leerweg},
    operations::{
        Shared,
        opvragen_detailgegevens::ErkenningDetail,
        zoeken_leerplaatsen::{GevondenErkenning, GevondenLeerplaats},
    },
};

use super::{
    places::{Places, UnitVector},
    register::{Bedrijf, Register},
    sql::{INDEXES, SCHEMA},
};

/// The database keeps what is read often in memory from the start.
const PREWARM: &str = "SELECT pg_prewarm(oid) FROM pg_class \
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace";

/// Columns in the order in which rows are written.
const LEERBEDRIJF: &str = "leerbedrijf (id, studenten, gevouwen, woorden, payload, x, y, z, punt)";
const ERKENNING: &str = "erkenning \
    (leerbedrijf_id, code, startdatum, einddatum, leerwegen, niveau, x, y, z, punt)";
const LEERPLAATS: &str = "leerplaats \
    (leerbedrijf_id, nr, code, niveau, leerweg, vergoeding, aantal, vanaf, tot, x, y, z, punt)";

/// Makes the tables, fills them, and makes the indexes.
pub(crate) fn load(client: &mut Client, register: &Register, places: &Places) -> io::Result<()> {
    let run = |client: &mut Client, sql: &str| client.batch_execute(sql).map_err(io::Error::other);
    run(client, SCHEMA)?;
    let rows = in_order_of_place(register, places);
    copy(client, LEERBEDRIJF, |to| {
        rows.iter()
            .try_for_each(|row| leerbedrijf(to, register, row))
    })?;
    copy(client, ERKENNING, |to| {
        rows.iter()
            .try_for_each(|row| erkenningen(to, register, row))
    })?;
    copy(client, "erkenning_antwoord", |to| {
        rows.iter()
            .try_for_each(|row| erkenning_answers(to, register, row))
    })?;
    copy(client, LEERPLAATS, |to| {
        rows.iter()
            .try_for_each(|row| leerplaatsen(to, register, row))
    })?;
    copy(client, "leerplaats_antwoord", |to| {
        rows.iter().try_for_each(|row| leerplaats_answers(to, row))
    })?;
    copy(client, "equivalent", |to| equivalenten(to, register))?;
    copy(client, "woord", |to| {
        let words = register.words();
        words.iter().try_for_each(|word| writeln!(to, "{word}"))
    })?;
    copy(client, "studenten", |to| studenten(to, &rows, register))?;
    run(client, INDEXES)?;
    run(client, "VACUUM (FREEZE, ANALYZE)")?;
    run(client, PREWARM)
}

/// A leerbedrijf and where it is.
struct Row<'r> {
    bedrijf: &'r Bedrijf,
    point: Option<Coordinaten>,
}

/// Neighbours stand together, so that a circle reads neighbouring pages.
fn in_order_of_place<'r>(register: &'r Register, places: &Places) -> Vec<Row<'r>> {
    let mut rows: Vec<_> = register
        .leerbedrijven
        .iter()
        .map(|bedrijf| {
            let adres = &bedrijf.leerbedrijf.gegevens.vestigingsadres;
            let point = places.of_address(adres);
            Row { bedrijf, point }
        })
        .collect();
    rows.sort_by_key(|row| (row.point.map(z_order), row.bedrijf.id()));
    rows
}

/// Bits of latitude and longitude in turn, as a geohash has them.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of 2^24"
)]
fn z_order(point: Coordinaten) -> u64 {
    let cells = |degrees: f64, range: f64| ((degrees + range / 2.0) / range * 16_777_216.0) as u64;
    let (lat, lon) = (cells(point.lat, 180.0), cells(point.lon, 360.0));
    (0..24).fold(0, |z, bit| {
        z | (lon >> bit & 1) << (2 * bit + 1) | (lat >> bit & 1) << (2 * bit)
    })
}

fn copy(
    client: &mut Client,
    table: &str,
    write: impl FnOnce(&mut CopyInWriter<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let sql = format!("COPY {table} FROM STDIN");
    let mut writer = client.copy_in(&sql).map_err(io::Error::other)?;
    write(&mut writer)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(())
}

/// What the answer says of a leerbedrijf whoever asks whatever.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bedrijfsgegevens<'r> {
    leerbedrijf_id: String,
    naam: &'r str,
    vestigingsadres: &'r Adres,
    #[serde(skip_serializing_if = "Option::is_none")]
    telefoonnummer: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emailadres: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<&'r str>,
}

fn leerbedrijf(to: &mut impl Write, register: &Register, row: &Row<'_>) -> io::Result<()> {
    let Row { bedrijf, point } = row;
    let gegevens = &bedrijf.leerbedrijf.gegevens;
    let payload = json(&Bedrijfsgegevens {
        leerbedrijf_id: bedrijf.id().to_string(),
        naam: &bedrijf.leerbedrijf.kern.naam,
        vestigingsadres: &gegevens.vestigingsadres,
        telefoonnummer: gegevens.telefoonnummer.as_deref(),
        emailadres: gegevens.emailadres.as_deref(),
        website: gegevens.website.as_deref(),
    })?;
    let schools = register.studenten.get(&bedrijf.id());
    let studenten: u32 = schools.map_or(0, |schools| schools.values().sum());
    // The text form of a tsvector: quoted words.
    let words: Vec<_> = bedrijf
        .gevouwen
        .split(' ')
        .map(|w| format!("'{w}'"))
        .collect();
    writeln!(
        to,
        "{}\t{studenten}\t{}\t{}\t{payload}\t{}",
        bedrijf.id(),
        bedrijf.gevouwen,
        words.join(" "),
        place(*point),
    )
}

fn erkenningen(to: &mut impl Write, register: &Register, row: &Row<'_>) -> io::Result<()> {
    let place = place(row.point);
    for erkenning in &row.bedrijf.leerbedrijf.kern.erkenningen {
        let leerwegen: u8 = erkenning.leerwegen.iter().map(bit).sum();
        writeln!(
            to,
            "{}\t{}\t{}\t{}\t{leerwegen}\t{}\t{place}",
            row.bedrijf.id(),
            erkenning.code.as_u32(),
            erkenning.startdatum,
            day_or(erkenning.einddatum, "infinity"),
            register.niveau(erkenning.code).unwrap_or(0),
        )?;
    }
    Ok(())
}

fn erkenning_answers(to: &mut impl Write, register: &Register, row: &Row<'_>) -> io::Result<()> {
    for erkenning in &row.bedrijf.leerbedrijf.kern.erkenningen {
        let payload = json(&erkenning_answer(register, row.bedrijf, erkenning))?;
        let (code, startdatum) = (erkenning.code.as_u32(), erkenning.startdatum);
        writeln!(to, "{}\t{code}\t{startdatum}\t{payload}", row.bedrijf.id())?;
    }
    Ok(())
}

fn erkenning_answer(
    register: &Register,
    bedrijf: &Bedrijf,
    erkenning: &Erkenning,
) -> GevondenErkenning {
    let opleiding = register.opleidingen.get(&erkenning.code);
    GevondenErkenning {
        erkenning: Shared::new(ErkenningDetail {
            code: erkenning.code,
            opleidingsnaam: opleiding.map(|o| o.opleidingsnaam.clone()),
            niveau: opleiding.and_then(|o| o.niveau),
            leerwegen: erkenning.leerwegen.iter().collect(),
            startdatum: erkenning.startdatum,
            einddatum: erkenning.einddatum,
            reden: erkenning.reden,
            gedeeltelijk: erkenning.gedeeltelijk,
            werkprocessen: erkenning.werkprocessen.clone(),
            bijgewerkt_op: erkenning.bijgewerkt_op,
        }),
        aantal_praktijkopleiders: bedrijf.opleiders.get(&erkenning.code).copied().unwrap_or(0),
        equivalent_voor: None,
    }
}

fn leerplaatsen(to: &mut impl Write, register: &Register, row: &Row<'_>) -> io::Result<()> {
    let place = place(row.point);
    for (nr, leerplaats) in row.bedrijf.leerbedrijf.leerplaatsen.iter().enumerate() {
        writeln!(
            to,
            "{}\t{nr}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{place}",
            row.bedrijf.id(),
            leerplaats.code.as_u32(),
            register.niveau(leerplaats.code).unwrap_or(0),
            bit(leerplaats.leerweg),
            has_vergoeding(leerplaats),
            leerplaats.aantal_leerplaatsen,
            day_or(leerplaats.beschikbaar_vanaf, "-infinity"),
            day_or(leerplaats.beschikbaar_tot, "infinity"),
        )?;
    }
    Ok(())
}

fn leerplaats_answers(to: &mut impl Write, row: &Row<'_>) -> io::Result<()> {
    for (nr, leerplaats) in row.bedrijf.leerbedrijf.leerplaatsen.iter().enumerate() {
        let payload = json(&leerplaats_answer(leerplaats.clone()))?;
        writeln!(to, "{}\t{nr}\t{payload}", row.bedrijf.id())?;
    }
    Ok(())
}

fn leerplaats_answer(leerplaats: Leerplaats) -> GevondenLeerplaats {
    GevondenLeerplaats {
        leerplaats_id: leerplaats.leerplaats_id,
        code: leerplaats.code,
        leerplaats_soort: leerplaats.leerplaats_soort,
        leerweg: leerplaats.leerweg,
        titel: leerplaats.titel,
        omschrijving: leerplaats.omschrijving,
        aantal_leerplaatsen: leerplaats.aantal_leerplaatsen,
        beschikbaar_vanaf: leerplaats.beschikbaar_vanaf,
        beschikbaar_tot: leerplaats.beschikbaar_tot,
        dagen_per_week: leerplaats.dagen_per_week,
        vergoeding: leerplaats.vergoeding.map(Into::into),
        equivalent_voor: None,
    }
}

/// An allowance of soort GEEN is none.
pub(crate) fn has_vergoeding(leerplaats: &Leerplaats) -> bool {
    let soort = leerplaats.vergoeding.as_ref().map(|v| v.soort.as_str());
    soort.is_some_and(|soort| soort != "GEEN")
}

fn equivalenten(to: &mut impl Write, register: &Register) -> io::Result<()> {
    for equivalent in &register.equivalenten {
        writeln!(
            to,
            "{}\t{}\t{}\t{}",
            equivalent.code.as_u32(),
            equivalent.equivalent_met.as_u32(),
            equivalent.vanaf,
            day_or(equivalent.tot, "infinity"),
        )?;
    }
    Ok(())
}

fn studenten(to: &mut impl Write, rows: &[Row<'_>], register: &Register) -> io::Result<()> {
    for row in rows {
        let id = row.bedrijf.id();
        for (school, aantal) in register.studenten.get(&id).into_iter().flatten() {
            writeln!(to, "{id}\t{school}\t{aantal}")?;
        }
    }
    Ok(())
}

/// The columns x, y, z and punt.
fn place(point: Option<Coordinaten>) -> String {
    let Some(point) = point else {
        return "\\N\t\\N\t\\N\t\\N".to_owned();
    };
    let UnitVector([x, y, z]) = UnitVector::of(point);
    format!(
        "{x}\t{y}\t{z}\tSRID=4326;POINT({} {})",
        point.lon, point.lat
    )
}

fn day_or(day: Option<Datum>, open: &str) -> String {
    day.map_or_else(|| open.to_owned(), |day| day.to_string())
}

const fn bit(leerweg: Leerweg) -> u8 {
    match leerweg {
        Leerweg::Bol => 1,
        Leerweg::Bbl => 2,
    }
}

/// As text of COPY, in which a backslash must be doubled; JSON has neither tabs nor line ends.
fn json(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)?.replace('\\', "\\\\"))
}
