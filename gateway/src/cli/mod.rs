//! The command line: one file per subcommand, plain words, documented exit codes.

mod backup;
mod config;
mod demo;
mod doctor;
mod geo;
mod log;
mod luister;
mod migrate;
mod opslag;
mod push;
mod register;
mod serve;
mod toegang;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{domain::Oin, push::AbonnementId};

/// Done.
pub const EXIT_OK: u8 = 0;
/// It could not be done; standard error says why.
pub const EXIT_FAILED: u8 = 1;

/// The white-label gateway between the register of erkende leerbedrijven and the systems of
/// schools.
#[derive(Debug, Parser)]
#[command(
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 done; 1 it could not be done, and standard error says why; \
                  2 wrong arguments. A subcommand's --help lists its own."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on a made-up register: certificates, database, all listeners
    Demo(demo::DemoArgs),
    /// Run the gateway
    Serve(serve::ServeArgs),
    /// Check settings, or print the defaults
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Bring the schema of the register up to this program's
    Migrate(migrate::MigrateArgs),
    /// Make up, import, export or check a levering of the register
    #[command(subcommand)]
    Register(register::RegisterCommand),
    /// Import a table of postcodes, from which places and distances are known
    #[command(subcommand)]
    Geo(geo::GeoCommand),
    /// Say who may ask what, or show it
    #[command(subcommand)]
    Toegang(toegang::ToegangCommand),
    /// Look at subscriptions and their deliveries, and mend them
    #[command(subcommand)]
    Push(push::PushCommand),
    /// Follow the mutaties of a subscription and forward them to a local address
    Luister(luister::LuisterArgs),
    /// Look at the record of processing: who was given data about people
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Copy the register to a file while it is used
    Backup(backup::BackupArgs),
    /// Check a backup, or put it in place of the register
    Restore(backup::RestoreArgs),
    /// Ask nodes how they are, and whether they hold the same register
    Doctor(doctor::DoctorCommand),
}

/// Reads the arguments, runs the subcommand, gives its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        return fail("another crypto provider is installed already");
    }
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Config(command) => config::run(command),
        Command::Migrate(args) => migrate::run(&args),
        Command::Register(command) => register::run(command),
        Command::Geo(command) => geo::run(&command),
        Command::Toegang(command) => toegang::run(command),
        Command::Push(command) => push::run(command),
        Command::Luister(args) => luister::run(args),
        Command::Log(command) => log::run(&command),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => backup::run_restore(&args),
        Command::Doctor(command) => doctor::run(command),
    }
}

/// Runs a subcommand that waits for things.
fn runtime(work: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime.block_on(work),
        Err(error) => fail(format_args!("no threads could be started: {error}")),
    }
}

/// Asks on the terminal, and takes anything but yes for no; `first` says what to do where there is none.
fn confirmed(question: impl std::fmt::Display, first: &str) -> bool {
    use std::io::{self, IsTerminal, Write};
    let mut errors = io::stderr().lock();
    if !io::stdin().is_terminal() {
        drop(writeln!(
            errors,
            "stagepoort: there is no terminal to ask on; {first}"
        ));
        return false;
    }
    drop(write!(errors, "{question} [y/N] "));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "j" | "J" | "ja")
}

/// Reads an OIN of the command line.
fn oin(text: &str) -> Result<Oin, String> {
    Oin::parse(text).map_err(|error| error.to_string())
}

/// Reads an abonnementId of the command line.
fn abonnement_id(text: &str) -> Result<AbonnementId, String> {
    AbonnementId::parse(text).ok_or_else(|| "give the abonnementId, a UUID".to_owned())
}

/// Who runs this: behind sudo the one who called it, else the user by the system's own word.
fn user() -> String {
    let called = std::env::var("SUDO_USER")
        .ok()
        .filter(|name| !name.is_empty());
    called.unwrap_or_else(|| {
        let told = std::process::Command::new("id").arg("-un").output().ok();
        let name = told.and_then(|output| String::from_utf8(output.stdout).ok());
        let name = name.map(|name| name.trim().to_owned());
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| "unknown".to_owned())
    })
}

/// Says on standard error why it could not be done.
fn fail(reason: impl std::fmt::Display) -> ExitCode {
    use std::io::Write;
    // Nothing can be done when standard error is gone.
    drop(writeln!(std::io::stderr().lock(), "stagepoort: {reason}"));
    ExitCode::from(EXIT_FAILED)
}

/// Writes to standard output; a closed pipe ends the output without a fuss.
fn say(text: impl std::fmt::Display) {
    use std::io::Write;
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}
