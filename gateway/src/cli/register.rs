//! `stagepoort register generate|import|export|verify`.

mod export;
mod generate;
mod import;
pub(super) mod input;
mod output;
mod progress;
mod rapport;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

/// The levering or the table is refused: nothing of it was applied.
pub(super) const EXIT_REFUSED: u8 = 3;
/// Another import is running on this store.
pub(super) const EXIT_BUSY: u8 = 4;

#[derive(Debug, Subcommand)]
pub(super) enum RegisterCommand {
    /// Make up a register, of any size, for demos and tests
    Generate(generate::GenerateArgs),
    /// Import a levering: wholly, or not at all
    Import(import::ImportArgs),
    /// Write the register as a levering
    Export(export::ExportArgs),
    /// Read and check a whole levering, without a register to put it in
    Verify(verify::VerifyArgs),
}

pub(super) fn run(command: RegisterCommand) -> ExitCode {
    match command {
        RegisterCommand::Generate(args) => generate::run(&args),
        RegisterCommand::Import(args) => import::run(&args),
        RegisterCommand::Export(args) => export::run(&args),
        RegisterCommand::Verify(args) => verify::run(&args),
    }
}
