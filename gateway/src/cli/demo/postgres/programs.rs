//! The programs of PostgreSQL on this machine, and as whom they run.

use std::{
    env, fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::PostgresError;

/// Names the folder of the programs.
pub(super) const ENV: &str = "STAGEPOORT_PG_BIN";

/// The oldest version that the gateway works with.
pub(super) const LEAST: u32 = 15;

/// PostgreSQL refuses to run as root, so root runs it as this user.
const USER: &str = "postgres";

/// The folder of the cluster as the programs see it when root starts them: a folder that was
/// opened by root can be entered, wherever it is, by a user who could not walk to it.
const OPENED: &str = "/proc/self/fd/9";
const OPEN: &str = "exec 9<\"$1\"; shift; exec \"$@\"";

/// Where packages put the programs of each version, in a folder with its number in its name.
const PACKAGES: [(&str, &str); 2] = [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")];

/// Where they are, and the user that runs them, if not ourselves.
pub(in crate::cli::demo) struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl Programs {
    /// Those that the environment names, else on the path, else the newest that a package brought.
    pub(in crate::cli::demo) fn find() -> Result<Self, PostgresError> {
        let folder = match env::var_os(ENV).map(PathBuf::from) {
            Some(folder) if has_programs(&folder) => folder,
            Some(folder) => return Err(PostgresError::NotThere(folder)),
            None => on_path()
                .or_else(of_packages)
                .ok_or(PostgresError::Missing)?,
        };
        if version(&folder).is_none_or(|version| version < LEAST) {
            return Err(PostgresError::TooOld(folder));
        }
        let user = is_root().then(user).transpose()?;
        Ok(Self { folder, user })
    }

    /// Makes the folder of the cluster, which belongs to whoever runs the programs.
    pub(super) fn make_home(&self, home: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(home)?;
        self.give(home)
    }

    /// Gives a file to whoever runs the programs.
    pub(super) fn give(&self, path: &Path) -> io::Result<()> {
        match self.user {
            Some(user) => chown(path, Some(user.uid), Some(user.gid)),
            None => Ok(()),
        }
    }

    /// Where the programs see this folder.
    pub(super) fn seen(&self, home: &Path) -> PathBuf {
        match self.user {
            Some(_) => OPENED.into(),
            None => home.to_owned(),
        }
    }

    /// A program that sees this folder.
    pub(super) fn command(&self, program: &str, home: &Path) -> Command {
        self.built(program, home, &[])
    }

    /// The same, and it is told to stop when the thread that starts it ends, however that comes.
    /// Only Linux can do so; elsewhere the next demo ends what is left.
    pub(super) fn ending_with_us(&self, program: &str, home: &Path) -> Command {
        self.built(program, home, &["--pdeathsig=INT"])
    }

    /// The program as a line for a shell, with paths under this folder as its last arguments.
    pub(super) fn line(&self, program: &str, home: &Path, [option, path]: &[&str; 2]) -> String {
        let command = self.command(program, home);
        let seen = self.seen(home).join(path);
        std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|part| part.to_string_lossy().into_owned())
            .chain([(*option).to_owned(), seen.display().to_string()])
            .map(|part| quoted(&part))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn built(&self, program: &str, home: &Path, privileges: &[&str]) -> Command {
        let program = self.folder.join(program);
        let mut command = if self.user.is_some() {
            let mut command = Command::new("sh");
            command.args(["-c", OPEN, "stagepoort"]).arg(home);
            command
                .args(["setpriv", "--reuid=postgres", "--regid=postgres"])
                .arg("--clear-groups")
                .args(privileges)
                .arg(program);
            command
        } else if privileges.is_empty() || on_path_is("setpriv").is_none() {
            Command::new(program)
        } else {
            let mut command = Command::new("setpriv");
            command.args(privileges).arg(program);
            command
        };
        // A folder that every user can be in.
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

fn on_path() -> Option<PathBuf> {
    // A link in a folder of many programs leads to where all of PostgreSQL is.
    let initdb = on_path_is("initdb")?.canonicalize().ok()?;
    initdb
        .parent()
        .map(Path::to_owned)
        .filter(|folder| has_programs(folder))
}

fn on_path_is(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn of_packages() -> Option<PathBuf> {
    let found = PACKAGES.iter().flat_map(|(folder, before)| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let name = entry.file_name();
            let version: u32 = name.to_str()?.strip_prefix(before)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
    });
    found
        .filter(|(_, folder)| has_programs(folder))
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "postgres"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

/// The major version, of a line such as `postgres (PostgreSQL) 15.14 (Debian 15.14-0)`.
fn version(folder: &Path) -> Option<u32> {
    let told = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let line = String::from_utf8_lossy(&told.stdout).into_owned();
    let number = line.split_whitespace().nth(2)?;
    let major: String = number.chars().take_while(char::is_ascii_digit).collect();
    major.parse().ok()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn user() -> Result<User, PostgresError> {
    let id = |what| {
        let told = Command::new("id").args([what, USER]).output().ok()?;
        String::from_utf8_lossy(&told.stdout).trim().parse().ok()
    };
    match (id("-u"), id("-g")) {
        (Some(uid), Some(gid)) => Ok(User { uid, gid }),
        _ => Err(PostgresError::NoUser),
    }
}

fn quoted(part: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=/.,".contains(c);
    if !part.is_empty() && part.chars().all(is_plain) {
        return part.to_owned();
    }
    format!("'{}'", part.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_pasted() {
        let programs = |user| Programs {
            folder: "/pg/bin".into(),
            user,
        };
        let line = |programs: &Programs| {
            programs.line("postgres", Path::new("/een map/postgres"), &["-D", "data"])
        };
        assert_eq!(
            line(&programs(None)),
            "/pg/bin/postgres -D '/een map/postgres/data'"
        );
        assert_eq!(
            line(&programs(Some(User { uid: 1, gid: 1 }))),
            "sh -c 'exec 9<\"$1\"; shift; exec \"$@\"' stagepoort '/een map/postgres' setpriv \
             --reuid=postgres --regid=postgres --clear-groups /pg/bin/postgres -D \
             /proc/self/fd/9/data"
        );
    }
}
