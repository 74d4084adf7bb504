//! How many instructions a request costs the server, which does not depend on the kernel or on who else is at work.
//!
//! Each server runs in a process of its own under valgrind, which counts; a client outside asks it a few times and many
//! times, and the difference is what the requests in between cost.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use fake_apiserver::FakeApiServer;

use crate::client::Client;
use crate::operation::{Operation, turn};
use crate::report::Table;
use crate::samples::ENDPOINTS;

/// The argument with which this program becomes such a server; which one comes after it.
pub(crate) const SERVE: &str = "--serve";

const FEW: usize = 100;
const MANY: usize = 600;

/// What is counted, and how many instructions ours may take.
const ALL: &[(&str, Operation, Option<u64>)] = &[
    ("get", Operation::Get, Some(24_000)),
    ("list 100", Operation::List(&ENDPOINTS, 100), None),
    ("create", Operation::Create(&ENDPOINTS), Some(70_000)),
    ("replace", Operation::Replace, Some(80_000)),
    (
        "merge patch",
        Operation::Patch("application/merge-patch+json", "", turn),
        None,
    ),
];

const HEADER: [&str; 5] = ["operation", "ours", "bare", "ratio", "aim"];

/// Counts all that are wanted. Without valgrind nothing is counted, and the answer says so.
pub(crate) fn run(wanted: impl Fn(&str) -> bool) -> io::Result<String> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    if !valgrind.is_ok_and(|output| output.status.success()) {
        return Ok("Instructions are counted by valgrind, which is not installed.".to_owned());
    }
    let mut table = Table::new(HEADER);
    for (name, operation, aim) in ALL.iter().filter(|(name, ..)| wanted(name)) {
        eprintln!("{name} ...");
        let ours = count(name, "ours", *operation)?;
        let bare = count(name, "bare", *operation)?;
        let aim = aim.map_or(String::new(), |aim| {
            let met = if ours <= aim { "met" } else { "missed" };
            format!("{} {met}", thousands(aim))
        });
        let ratio = bare as f64 / ours as f64;
        table.add([
            (*name).to_owned(),
            thousands(ours),
            thousands(bare),
            format!("{ratio:.2}"),
            aim,
        ]);
    }
    Ok(format!(
        "{table}\nInstructions a request costs the server, the kernel's own left out; the ratio is bare divided by ours."
    ))
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// The instructions of one request of many.
fn count(name: &str, side: &str, operation: Operation) -> io::Result<u64> {
    let [few, many] = [FEW, MANY].map(|requests| total(name, side, operation, requests));
    Ok((many? - few?) / (MANY - FEW) as u64)
}

/// The instructions of a server that was asked so many times.
fn total(name: &str, side: &str, operation: Operation, requests: usize) -> io::Result<u64> {
    let folder = tempfile::tempdir()?;
    let counted = folder.path().join("callgrind.out");
    let mut server = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", counted.display()))
        .arg(std::env::current_exe()?)
        .args([SERVE, name, side])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    // Closing its input ends it.
    let (input, output) = (server.stdin.take(), server.stdout.take());
    let mut line = String::new();
    BufReader::new(output.ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut line)?;
    let address = line.trim().parse().map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let asked = runtime.block_on(ask(address, operation, requests));
    drop(input);
    let ended = server.wait()?;
    asked?;
    if !ended.success() {
        return Err(io::Error::other(format!("the server ended with {ended}")));
    }
    read_total(&counted)
}

async fn ask(address: SocketAddr, operation: Operation, times: usize) -> io::Result<()> {
    let mut client = Client::connect(address).await?;
    let requests = operation.requests();
    for turn in 0..times {
        let request = requests.at(turn);
        client.exchange(&request, operation.status()).await?;
    }
    Ok(())
}

/// The line `summary: 123` of what callgrind wrote.
fn read_total(path: &Path) -> io::Result<u64> {
    let text = std::fs::read_to_string(path)?;
    let mut lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("summary: "));
    let total = lines.next().and_then(|total| total.trim().parse().ok());
    total.ok_or_else(|| io::Error::other("callgrind wrote no summary"))
}

/// Is the server of one of [`ALL`], ours or bare: prints its address and serves until the input ends.
pub(crate) fn serve(name: &str, side: &str) -> io::Result<()> {
    let found = ALL.iter().find(|(known, ..)| *known == name);
    let (_, operation, _) = found.ok_or(io::ErrorKind::NotFound)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let ours = FakeApiServer::start().await;
        operation.prepare(&ours).await?;
        let bare = match side {
            "bare" => Some(operation.bare(&ours).await?),
            _ => None,
        };
        println!(
            "{}",
            bare.as_ref().map_or(ours.address(), |bare| bare.address)
        );
        let (end, ended) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let _ = io::stdin().read_to_end(&mut Vec::new());
            end.send(())
        });
        ended.await.map_err(io::Error::other)
    })
}
