//! Where a user sweeps, and how.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of its own, with scenarios and reports.
pub struct Place(pub PathBuf);

impl Place {
    pub fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("sim-sweep-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }

    /// A shipped scenario with some text replaced.
    pub fn altered(&self, shipped: &str, name: &str, changes: &[(&str, &str)]) -> String {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(shipped);
        let mut text = fs::read_to_string(shipped).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        self.file(&format!("{name}.toml"), &text)
    }

    pub fn quick(&self) -> String {
        self.altered(
            "crash/leader-killed.toml",
            "quick",
            &[("name  = \"leader-killed\"", "name  = \"quick\"")],
        )
    }

    /// Loses what was acknowledged, and says that it does not.
    pub fn lossy(&self, name: &str) -> String {
        let named = format!("name  = \"{name}\"");
        let changes = [
            ("name  = \"single-replica-power-loss\"", named.as_str()),
            ("violation = [\"lost-write\", \"inconsistent-offsets\"]", "verdict = \"pass\""),
        ];
        self.altered("disk/single-replica-power-loss.toml", name, &changes)
    }

    pub fn summary(&self, reports: &str) -> Value {
        let text = fs::read_to_string(self.0.join(reports).join("sweep/summary.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Digest by scenario and seed, from the file of results.
    pub fn digests(&self, reports: &str) -> BTreeMap<String, String> {
        let text = fs::read_to_string(self.0.join(reports).join("sweep/results.jsonl")).unwrap();
        let digest = |line: &str| {
            let result: Value = serde_json::from_str(line).unwrap();
            (format!("{} {}", result["scenario"]["name"], result["seed"]), result["digest"].to_string())
        };
        text.lines().skip(1).map(digest).collect()
    }

    /// The run directories, as `scenario/seed`.
    pub fn run_dirs(&self, reports: &str) -> Vec<String> {
        let mut found = Vec::new();
        for scenario in fs::read_dir(self.0.join(reports).join("sweep")).unwrap().flatten() {
            let name = scenario.file_name().into_string().unwrap();
            if scenario.path().is_dir() {
                let seeds = fs::read_dir(scenario.path()).unwrap().flatten();
                found.extend(seeds.map(|seed| format!("{name}/{}", seed.file_name().to_str().unwrap())));
            }
        }
        found.sort();
        found
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    command.args(arguments).env("NO_COLOR", "1");
    for variable in
        ["SIM_SEED", "SIM_SEEDS", "SIM_JOBS", "SIM_SHARDS", "CI_NODE_INDEX", "JOB_COMPLETION_INDEX"]
    {
        command.env_remove(variable);
    }
    command
}

pub fn text(output: Output) -> (i32, String, String) {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("an exit code"), text(output.stdout), text(output.stderr))
}

pub fn cargo_sim(arguments: &[&str]) -> (i32, String, String) {
    text(command(arguments).output().unwrap())
}
