//! A whole levering into an empty register, on one core.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    Plan,
    process::{MachineTime, Ran, SERVER_CORE, measure, on_core},
    report::Section,
};

/// Leerbedrijven a second of processor time: what others run meanwhile does not count.
const TARGET_RATE: f64 = 8_000.0;

/// How much more memory a set may take that is five times as large.
const TARGET_GROWTH: f64 = 1.25;

/// One part in so many is the smaller set.
const PART: u32 = 5;

/// The day of the first levering; fixed, so that a run can be repeated.
const PEILDATUM: &str = "2026-09-01";

/// Figures of reading, checking and importing.
pub(super) fn run(plan: &Plan, section: &mut Section) -> io::Result<()> {
    let folder = &plan.folder;
    folder.demo()?;
    let part = folder.root.join("part.ndjson");
    generate(plan, plan.leerbedrijven / PART, 0, &part, section)?;
    for ronde in [0, 1] {
        generate(
            plan,
            plan.leerbedrijven,
            ronde,
            &folder.levering(ronde),
            section,
        )?;
    }

    let whole = folder.levering(0);
    section.figure("size of the file", mebibytes(fs::metadata(&whole)?.len()));
    let machine = MachineTime::now()?;
    let verified = verify(plan, &whole)?;
    let imported_part = import(plan, &part, &folder.root.join("part.db"))?;
    let imported = import(plan, &whole, &folder.database())?;
    let steal = MachineTime::now()?.steal_since(&machine);
    section.circumstance(format!("steal {:.1} %", steal * 100.0));

    let rate = per_second(plan.leerbedrijven, imported.cpu);
    section.against(
        "import, leerbedrijven for each second of processor time",
        format!("{rate:.0}"),
        format!("≥ {TARGET_RATE:.0}"),
        rate >= TARGET_RATE,
    );
    let on_the_wall = per_second(plan.leerbedrijven, imported.wall);
    let share = imported.cpu.as_secs_f64() / imported.wall.as_secs_f64();
    section.figure(
        "the same on the wall, and the share of the core that it got",
        format!("{on_the_wall:.0}, {:.0} %", share * 100.0),
    );
    let database = with_wal(&folder.database())?;
    section.figure("size of the database", mebibytes(database));
    let checking = verified.cpu.as_secs_f64() / imported.cpu.as_secs_f64();
    section.figure(
        "only reading and checking, against the import",
        format!("{checking:.2} of its processor time"),
    );
    memory(&imported_part, &imported, section);
    fs::remove_file(part)?;
    folder.apply_toegang(folder.database())
}

/// The levering and its register for a section that measures something else. What an earlier run
/// left is used, if it is of the size that is wanted.
pub(super) fn prepare(plan: &Plan, section: &mut Section) -> io::Result<()> {
    let folder = &plan.folder;
    folder.demo()?;
    let levering = folder.levering(0);
    if leerbedrijven_in(&levering) == Some(plan.leerbedrijven) && folder.database().is_file() {
        return Ok(());
    }
    generate(plan, plan.leerbedrijven, 0, &levering, section)?;
    import(plan, &levering, &folder.database())?;
    folder.apply_toegang(folder.database())
}

/// A second levering of the same size, in which some of everything is otherwise.
pub(super) fn second(plan: &Plan, section: &mut Section) -> io::Result<PathBuf> {
    let levering = plan.folder.levering(1);
    if leerbedrijven_in(&levering) != Some(plan.leerbedrijven) {
        generate(plan, plan.leerbedrijven, 1, &levering, section)?;
    }
    Ok(levering)
}

/// How many the last line of a levering counts; none when there is no whole one.
fn leerbedrijven_in(levering: &Path) -> Option<u32> {
    const LAST_LINE_BYTES: u64 = 4_096;

    let mut file = fs::File::open(levering).ok()?;
    let length = file.metadata().ok()?.len();
    let from = length.saturating_sub(LAST_LINE_BYTES);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let end = end.trim_ascii_end();
    let line = end.rsplit(|byte| *byte == b'\n').next()?;
    let sluit: serde_json::Value = serde_json::from_slice(line).ok()?;
    let count = sluit.get("aantallen")?.get("leerbedrijf")?.as_u64()?;
    count.try_into().ok()
}

fn memory(part: &Ran, whole: &Ran, section: &mut Section) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "KiB of memory are far below 2^52"
    )]
    let growth = whole.peak_kib as f64 / part.peak_kib as f64;
    section.against(
        "peak memory of the import, against one of a fifth",
        format!(
            "{} MiB against {} MiB: {growth:.2}",
            whole.peak_kib / 1024,
            part.peak_kib / 1024
        ),
        format!("≤ {TARGET_GROWTH}"),
        growth <= TARGET_GROWTH,
    );
}

fn generate(
    plan: &Plan,
    leerbedrijven: u32,
    ronde: u32,
    to: &Path,
    section: &mut Section,
) -> io::Result<()> {
    let mut command = Command::new(&plan.folder.stagepoort);
    command
        .args(["register", "generate", "--json", "--peildatum", PEILDATUM])
        .args(["--leerbedrijven", &leerbedrijven.to_string()])
        .args(["--ronde", &ronde.to_string(), "--uit"])
        .arg(to);
    for (option, name) in [
        ("--postcodes", "STAGEPOORT_POSTCODES"),
        ("--kwalificaties", "STAGEPOORT_KWALIFICATIES"),
    ] {
        if let Some(path) = std::env::var_os(name).map(PathBuf::from)
            && path.is_file()
        {
            command.arg(option).arg(path);
        }
    }
    let made = measure(&mut command)?;
    section.circumstance(format!("made up: {}", made.stdout.trim()));
    Ok(())
}

fn verify(plan: &Plan, levering: &Path) -> io::Result<Ran> {
    let mut command = on_core(SERVER_CORE, &plan.folder.stagepoort);
    measure(command.args(["register", "verify", "--json"]).arg(levering))
}

fn import(plan: &Plan, levering: &Path, database: &Path) -> io::Result<Ran> {
    for suffix in ["", "-wal", "-shm", ".import-lock"] {
        let mut path = database.as_os_str().to_owned();
        path.push(suffix);
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let mut command = on_core(SERVER_CORE, &plan.folder.stagepoort);
    measure(import_into(&mut command, levering, database))
}

/// The arguments of an import into a SQLite file or a PostgreSQL URL.
pub(super) fn import_into<'c>(
    command: &'c mut Command,
    levering: &Path,
    database: impl AsRef<OsStr>,
) -> &'c mut Command {
    command
        .args(["register", "import", "--json"])
        .arg(levering)
        .arg("--opslag")
        .arg(database.as_ref())
}

/// Bytes of a database, with those that wait beside it.
fn with_wal(database: &Path) -> io::Result<u64> {
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    let waiting = fs::metadata(wal).map_or(0, |wal| wal.len());
    Ok(fs::metadata(database)?.len() + waiting)
}

fn per_second(count: u32, time: Duration) -> f64 {
    f64::from(count) / time.as_secs_f64()
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
