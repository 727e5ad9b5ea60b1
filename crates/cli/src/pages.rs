//! Shell completions and the man page, made from the definitions of the arguments.

use crate::args::{Cli, CompletionsArgs};
use crate::exit::Exit;
use clap::CommandFactory;
use std::io::Write;

/// Prints completions for a shell.
pub fn completions(args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "scrim", &mut text);
    print(&text)
}

/// Prints the man page: the program and each of its commands.
pub fn man() -> anyhow::Result<Exit> {
    let command = Cli::command();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        let named = sub.clone().name(format!("scrim-{}", sub.get_name()));
        clap_mangen::Man::new(named).render(&mut text)?;
    }
    print(&text)
}

fn print(text: &[u8]) -> anyhow::Result<Exit> {
    // A reader that went away is no fault.
    let _ = std::io::stdout().write_all(text);
    Ok(Exit::Done)
}
