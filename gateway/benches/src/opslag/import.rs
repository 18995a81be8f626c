//! A whole levering into an empty register, beside a bare COPY of the rows that it made.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use postgres::Client;

use crate::{
    Plan,
    database::Database,
    national::import_into,
    process::measure,
    report::{Section, Spread},
};

/// How often an import and a COPY take turns.
const ROUNDS: usize = 3;

/// How much longer an import may take.
const TARGET: f64 = 2.5;

/// Bytes that go to the server at a time.
const PART_BYTES: usize = 256 * 1024;

/// The database that the last round leaves.
pub(super) const REGISTER: &str = "register";

/// The tables that an import writes whole.
const TABLES: [&str; 2] = ["regel", "zij"];

pub(super) fn figures(plan: &Plan, database: &Database, section: &mut Section) -> io::Result<()> {
    let rounds = if plan.small { 1 } else { ROUNDS };
    let (mut imports, mut copies, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let imported = import(plan, database)?;
        let copied = copy(plan, database)?;
        ratios.push(imported.as_secs_f64() / copied.as_secs_f64());
        imports.push(imported.as_secs_f64());
        copies.push(copied.as_secs_f64());
    }
    let ratios = Spread::of(ratios);
    section.against(
        "register import of the whole levering, against a bare COPY of the same rows",
        format!("{} times", ratios.show(2)),
        format!("≤ {TARGET} times"),
        ratios.median <= TARGET,
    );
    section.figure(
        "the two by themselves, seconds",
        format!(
            "{} and {}",
            Spread::of(imports).show(1),
            Spread::of(copies).show(1)
        ),
    );
    let rows = count(&mut database.connect_to(REGISTER)?)?;
    section.figure("rows that both write", rows.to_string());
    Ok(())
}

fn import(plan: &Plan, database: &Database) -> io::Result<Duration> {
    let mut admin = database.connect()?;
    for statement in [
        format!("DROP DATABASE IF EXISTS {REGISTER}"),
        format!("CREATE DATABASE {REGISTER}"),
        "CHECKPOINT".to_owned(),
    ] {
        admin.batch_execute(&statement).map_err(io::Error::other)?;
    }
    let mut command = Command::new(&plan.folder.stagepoort);
    let url = database.url(REGISTER);
    let ran = measure(import_into(&mut command, &plan.folder.levering(0), url))?;
    Ok(ran.wall)
}

/// The rows of the register into empty tables of the same form, with the same indexes, by one
/// client that has them ready in files.
fn copy(plan: &Plan, database: &Database) -> io::Result<Duration> {
    let mut client = database.connect_to(REGISTER)?;
    let mut took = Duration::ZERO;
    for table in TABLES {
        let file = plan.folder.root.join(format!("{table}.copy"));
        copy_out(&mut client, table, &file)?;
        let prepare = format!("CREATE TABLE kaal (LIKE {table} INCLUDING ALL); CHECKPOINT");
        client.batch_execute(&prepare).map_err(io::Error::other)?;
        let begin = Instant::now();
        copy_in(&mut client, &file)?;
        took += begin.elapsed();
        client
            .batch_execute("DROP TABLE kaal")
            .map_err(io::Error::other)?;
        std::fs::remove_file(file)?;
    }
    Ok(took)
}

fn copy_out(client: &mut Client, table: &str, file: &Path) -> io::Result<()> {
    let statement = format!("COPY {table} TO STDOUT (FORMAT binary)");
    let mut rows = client.copy_out(&statement).map_err(io::Error::other)?;
    io::copy(&mut rows, &mut File::create(file)?)?;
    Ok(())
}

fn copy_in(client: &mut Client, file: &Path) -> io::Result<()> {
    let mut file = File::open(file)?;
    let mut rows = client
        .copy_in("COPY kaal FROM STDIN (FORMAT binary)")
        .map_err(io::Error::other)?;
    let mut part = vec![0; PART_BYTES];
    loop {
        match file.read(&mut part)? {
            0 => break,
            read => rows.write_all(&part[..read])?,
        }
    }
    rows.finish().map_err(io::Error::other)?;
    Ok(())
}

fn count(client: &mut Client) -> io::Result<i64> {
    let asked = client.query_one(
        "SELECT (SELECT count(*) FROM regel) + (SELECT count(*) FROM zij)",
        &[],
    );
    Ok(asked.map_err(io::Error::other)?.get(0))
}
