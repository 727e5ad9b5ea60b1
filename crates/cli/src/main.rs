//! The `scrim` program: arguments, progress, exit codes, nothing else.

mod args;
mod detect;
mod eval;
mod exit;
mod in_order;
mod pages;
mod progress;
mod redact;
mod sheet;
mod show;
mod summary;
mod values;
mod verify;

use args::{Cli, Command};
use clap::Parser;
use exit::Exit;
use scrim_redact::EngineError;
use show::{say, shown, told};
use std::process::ExitCode;

fn main() -> ExitCode {
    no_core_dumps();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version go to standard output and are no error; a closed pipe is none.
            let _ = e.print();
            if e.use_stderr() {
                files_like_options();
            }
            return if e.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            }
            .into();
        }
    };
    // A panic of a stage is caught where it happens and becomes a fault with a message of its
    // own; the hook would print over the progress line, and its text might hold data.
    std::panic::set_hook(Box::new(|_| {}));
    match std::panic::catch_unwind(|| run(cli.command)) {
        Ok(Ok(exit)) => exit,
        Ok(Err(e)) => {
            say(format_args!("scrim: {}", told(format!("{e:#}"))));
            // Weights of the user's own that are refused are a wrong argument, and so is a place where
            // no sheet may go.
            let weights = matches!(e.downcast_ref(), Some(EngineError::Refused { .. }));
            if weights || e.is::<sheet::NoPlace>() {
                Exit::Usage.into()
            } else {
                Exit::Nothing.into()
            }
        }
        Err(_) => {
            say("scrim: a fault of the program itself; nothing half-written is left");
            Exit::Nothing.into()
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Redact(args) => redact::run(&args).map(Into::into),
        Command::Detect(args) => detect::run(&args).map(Into::into),
        Command::Verify(args) => verify::run(&args).map(Into::into),
        Command::Eval(args) => eval::run(&args).map(Into::into),
        Command::Completions(args) => pages::completions(&args).map(Into::into),
        Command::Man => pages::man().map(Into::into),
    }
}

/// A file whose name begins with a dash is taken for an option: say so, and what to write.
fn files_like_options() {
    for arg in std::env::args_os().skip(2) {
        let path = std::path::Path::new(&arg);
        if arg.as_encoded_bytes().starts_with(b"-") && path.exists() {
            let name = shown(path);
            say(format_args!(
                "{name} is taken for an option; write ./{name} for the file"
            ));
        }
    }
}

/// A core dump would hold raw pixels: none is ever written.
fn no_core_dumps() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Either is enough; where the system knows neither there are no dumps to prevent.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
