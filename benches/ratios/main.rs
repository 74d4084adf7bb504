//! How fast the server is, as ratios: each operation against the least a warp server could do for it, which is to answer
//! fixed bytes of the same size with the same headers over the same kind of connection.
//!
//! Both sides and the client share one thread and one run. Short rounds of the two alternate, and the ratio shown is the
//! median over the rounds of (time of bare warp) / (time of ours), so whatever else the machine does hits both alike. The
//! time is that of the thread, without what other processes took (but for the start, which goes by the clock on the wall).
//!
//! `cargo bench` runs everything, `cargo bench -- list` what has `list` in its name. `cargo bench -- --instructions` counts
//! the instructions of a request instead, where valgrind is installed.

mod bare;
mod broad;
mod cases;
mod client;
mod instructions;
mod operation;
mod report;
mod rounds;
mod samples;
mod stopwatch;

use std::io;

use report::Report;
use rounds::Rounds;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [serve, name, side] = &arguments[..]
        && serve == instructions::SERVE
    {
        return instructions::serve(name, side);
    }
    let only_instructions = arguments.iter().any(|a| a == "--instructions");
    // Cargo says `--bench` where it wants numbers; `cargo test --benches` only wants to see it run.
    let rounds = if arguments.iter().any(|a| a == "--bench") {
        Rounds::measured()
    } else {
        Rounds::once()
    };
    let filters: Vec<String> = arguments
        .into_iter()
        .filter(|a| !a.starts_with('-'))
        .map(|a| a.to_lowercase())
        .collect();
    let wanted = |name: &str| {
        let name = name.to_lowercase();
        filters.is_empty() || filters.iter().any(|f| name.contains(f.as_str()))
    };
    if only_instructions {
        println!("{}", instructions::run(wanted)?);
        return Ok(());
    }
    let mut report = Report::new();
    for case in cases::ALL.iter().filter(|case| wanted(case.name)) {
        eprintln!("{} ...", case.name);
        // A runtime of its own, so that no case leaves anything behind for the next.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let comparison = runtime.block_on(case.run(&rounds))?;
        report.add(case, comparison);
    }
    print!("{report}");
    Ok(())
}
