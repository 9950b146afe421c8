//! The program `custodian`.

mod commands;

fn main() -> std::process::ExitCode {
    commands::main()
}
