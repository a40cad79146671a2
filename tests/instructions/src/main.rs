//! What the bench saw beside the table: as a table in Markdown, and in words where the table can be made tighter.
//! Called by `run.sh` with the folder of the runner's summaries.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use instructions::{HotPath, TABLE};
use serde_json::Value;

fn main() -> ExitCode {
    match report() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn report() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("give the folder of the summaries")?;
    let seen: Vec<(u64, u64)> = TABLE.iter().map(|path| seen(Path::new(&folder), path)).collect::<Result<_, _>>()?;
    println!("| path | what is counted | instructions | in the table | | allocations |\n|---|---|---:|---:|---:|---:|");
    for (path, (instructions, allocations)) in TABLE.iter().zip(&seen) {
        println!(
            "| {} | {} | {instructions} | {} | {:+.1} % | {allocations} |",
            path.name,
            path.what,
            path.instructions,
            (*instructions as f64 / path.instructions as f64 - 1.0) * 100.0
        );
    }
    for (path, (instructions, allocations)) in TABLE.iter().zip(&seen) {
        if *instructions < path.instructions - path.instructions / 20 {
            println!(
                "{}: {instructions} instructions, more than 5 % fewer; tighten the table in src/lib.rs",
                path.name
            );
        }
        if *allocations < path.allocations {
            println!(
                "{}: {allocations} allocations, not {}; tighten the table in src/lib.rs",
                path.name, path.allocations
            );
        }
    }
    Ok(())
}

/// Instructions and allocations of a path, as the runner wrote them down.
fn seen(folder: &Path, path: &HotPath) -> Result<(u64, u64), Box<dyn Error>> {
    let file = folder.join(path.name).join("summary.json");
    let text = fs::read_to_string(&file)
        .map_err(|error| format!("`{}` is in the table and was not run ({error}: {})", path.name, file.display()))?;
    let summary: Value = serde_json::from_str(&text)?;
    let metric = |tool: &str, metric: &str| {
        let profiles = summary["profiles"].as_array().into_iter().flatten();
        let mut metrics =
            profiles.filter(|profile| profile["tool"] == tool).map(|profile| &profile["data"]["total"]["metrics"]);
        let value = metrics.next().and_then(|metrics| metrics[metric]["values"]["new"].as_u64());
        value.ok_or_else(|| format!("`{}` has no {metric} of {tool}; look at {}", path.name, file.display()))
    };
    Ok((metric("Callgrind", "Ir")?, metric("DHAT", "TotalBlocks")?))
}
