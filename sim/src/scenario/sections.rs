//! The file as a whole, and the sections that stand once: `[cluster]`, `[phases]`, `[expect]`.

use std::time::Duration;

use broker_core::config::TimeScale;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Problems, Span};
use super::field::{Field, Read};
use super::reader::{Table, texts, wrong_type};
use super::spec::{ClusterSpec, Expectation, ExpectedVerdict, Phases};
use super::suggest::{list, suggest};
use super::units;
use crate::checker::{Anomaly, Contract};
use crate::seed::{Seed, SeedError};

const MILLI: Duration = Duration::from_millis(1);

/// What a latency looks like, for help texts.
const LATENCY: &str = "write a range such as \"1ms..3ms\", or one value such as \"2ms\"";

/// The cluster of a scenario that says nothing about it.
pub(crate) const CLUSTER: ClusterSpec = ClusterSpec {
    brokers: 3,
    time_scale: TimeScale::Compressed,
    network_latency: (MILLI, Duration::from_millis(3)),
    fsync_latency: (MILLI, Duration::from_millis(4)),
    read_latency: (Duration::ZERO, Duration::ZERO),
    append_latency: (Duration::ZERO, Duration::ZERO),
    write_back_after: None,
};

/// The size of a record's value if a producer does not say it.
pub(crate) const RECORD_BYTES: usize = 64;

/// The phases of a scenario that says nothing about them.
pub(crate) const PHASES: Phases = Phases {
    warmup: Duration::from_secs(10),
    faults: Duration::from_secs(10),
    liveness: Duration::from_secs(20),
};

/// The top level: sections by name.
pub(super) struct Document<'a> {
    source: &'a str,
    root: &'a DeTable<'a>,
    known: Vec<&'static str>,
}

impl<'a> Document<'a> {
    /// The parsed file.
    pub fn new(source: &'a str, root: &'a DeTable<'a>) -> Document<'a> {
        Document { source, root, known: Vec::new() }
    }

    /// The text.
    pub fn source(&self) -> &'a str {
        self.source
    }

    /// A string at the top.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems) -> Field<String> {
        self.known.push(key);
        let Some(value) = self.root.get(key) else { return Field::Absent };
        match value.get_ref() {
            DeValue::String(text) => Field::Given(text.to_string(), value.span().into()),
            other => wrong_type(key, "a string", other, value.span().into(), "", problems),
        }
    }

    /// `seed`: a number, or text as the command line takes it.
    pub fn seed(&mut self, problems: &mut Problems) -> Option<Seed> {
        self.known.push("seed");
        let value = self.root.get("seed")?;
        let span: Span = value.span().into();
        let help = "write `seed = 42`, or text as `--seed` takes it, such as \"0x2a\"";
        let text = match value.get_ref() {
            DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => return Some(Seed(number)),
                Err(_) => number.to_string(),
            },
            DeValue::String(text) => text.to_string(),
            other => {
                let _: Field<()> = wrong_type("seed", "a number or a string", other, span, help, problems);
                return None;
            }
        };
        let seed = text.parse();
        if let Err(error) = &seed {
            let message = match error {
                SeedError::TooLarge(_) => error.to_string(),
                SeedError::Unreadable(_) => format!("`{text}` is not a seed"),
            };
            problems.report(Diagnostic::new(message).at(span, "").help(help.to_owned()));
        }
        seed.ok()
    }

    /// Whether the file says anything about this.
    pub fn has(&self, key: &str) -> bool {
        self.root.contains_key(key)
    }

    /// A section that may stand once. An absent one is empty, and `None` says so.
    pub fn section(&mut self, key: &'static str, problems: &mut Problems) -> Option<Table<'a>> {
        self.known.push(key);
        let value = self.root.get(key)?;
        let span = value.span().into();
        let DeValue::Table(table) = value.get_ref() else {
            let help = format!("write it once, as `[{key}]`");
            let _: Field<()> = wrong_type(key, "a table", value.get_ref(), span, &help, problems);
            return None;
        };
        Some(Table::new(self.source, span, table))
    }

    /// A section that may stand any number of times. `None` if it is there but no such thing.
    pub fn sections(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<Table<'a>>> {
        self.known.push(key);
        let Some(value) = self.root.get(key) else { return Some(Vec::new()) };
        let elements = match value.get_ref() {
            DeValue::Array(array) if array.iter().all(|element| element.get_ref().is_table()) => array,
            other => {
                let help = format!("write each of them as `[[{key}]]`");
                let span = value.span().into();
                let _: Field<()> = wrong_type(key, "an array of tables", other, span, &help, problems);
                return None;
            }
        };
        let table = |element: &'a toml::Spanned<DeValue<'a>>| {
            let table = element.get_ref().as_table()?;
            Some(Table::new(self.source, element.span().into(), table))
        };
        Some(elements.iter().filter_map(table).collect())
    }

    /// Reports whatever else stands at the top.
    pub fn finish(self, problems: &mut Problems) {
        for (key, value) in self.root {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let span: Span = value.span().into();
            let header = if self.source[span.start..].starts_with('[') { span } else { key.span().into() };
            let what = match value.get_ref() {
                DeValue::Table(_) => format!("section `[{name}]`"),
                DeValue::Array(array) if array.iter().any(|element| element.get_ref().is_table()) => {
                    format!("section `[[{name}]]`")
                }
                _ => format!("key `{name}`"),
            };
            let place = if what.starts_with("key") { key.span().into() } else { header };
            let help = suggest(name, self.known.iter().copied());
            problems.report(Diagnostic::new(format!("unknown {what}")).at(place, "").help(help));
        }
    }
}

/// How long the name of a directory may be.
const NAME_BYTES_MAX: usize = 255;

/// What stands beside the reports of each scenario, and beside those of a sweep.
const NAMES_TAKEN: [&str; 7] =
    ["latest", "sweep", "tradeoff", "README.md", "results.jsonl", "results.before.jsonl", "summary.json"];

/// `name` at the top, which is a directory name too.
pub(super) fn name(document: &mut Document<'_>, problems: &mut Problems) -> String {
    let help = "reports go to a directory of this name: use letters, digits, `-`, `_` and `.`";
    let name = document.text("name", problems).parse(problems, help, |name| {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let good = !name.is_empty() && !name.starts_with('.') && name.chars().all(legal);
        if !good {
            Err(format!("`{name}` is not a name for a scenario"))
        } else if NAME_BYTES_MAX < name.len() {
            Err(format!("this name has {} letters, a directory's at most {NAME_BYTES_MAX}", name.len()))
        } else if NAMES_TAKEN.contains(&name.as_str()) {
            Err(format!("`{name}` is taken: reports have something else of this name"))
        } else {
            Ok(name)
        }
    });
    if matches!(name, Field::Absent) {
        let help = "begin the file with `name = \"…\"`".to_owned();
        problems.report(Diagnostic::new("missing key `name`: every scenario has one").help(help));
    }
    name.or(String::new()).value
}

/// `[cluster]`. The number of brokers keeps its place, because topics are measured against it.
pub(super) fn cluster(table: Option<Table<'_>>, problems: &mut Problems) -> (ClusterSpec, Read<u32>) {
    let mut spec = CLUSTER;
    let Some(mut table) = table else {
        return (spec, Field::Absent.or(3));
    };
    let brokers = table.whole("brokers", 1..=9, problems);
    let brokers = brokers.map(|count| u32::try_from(count).expect("within bounds")).or(3);
    spec.brokers = brokers.value;
    let scales = "there is `compressed` and `kafka`";
    let scale = table.text("time_scale", problems).parse(problems, scales, |text| match text.as_str() {
        "compressed" => Ok(TimeScale::Compressed),
        "kafka" => Ok(TimeScale::Kafka),
        _ => Err(format!("unknown time scale `{text}`")),
    });
    spec.time_scale = scale.or(spec.time_scale).value;
    let network = table.with_unit("network.latency", "a range of durations", LATENCY, units::range, problems);
    let network = network.parse(problems, "the simulated network resolves 1 ms", |(shortest, longest)| {
        let whole = |latency: Duration| MILLI <= latency && latency.subsec_nanos().is_multiple_of(1_000_000);
        let good = whole(shortest) && whole(longest);
        if good {
            Ok((shortest, longest))
        } else {
            Err("`network.latency` must be whole milliseconds, at least 1ms".to_owned())
        }
    });
    spec.network_latency = network.or(spec.network_latency).value;
    disk(&mut table, &mut spec, problems);
    table.finish(problems);
    (spec, brokers)
}

/// The keys of `[cluster]` that begin with `disk`.
fn disk(table: &mut Table<'_>, spec: &mut ClusterSpec, problems: &mut Problems) {
    let mut latency = |key: &'static str, value: &mut (Duration, Duration)| {
        let read = table.with_unit(key, "a range of durations", LATENCY, units::range, problems);
        *value = read.or(*value).value;
    };
    latency("disk.fsync.latency", &mut spec.fsync_latency);
    latency("disk.read.latency", &mut spec.read_latency);
    latency("disk.append.latency", &mut spec.append_latency);
    let help = "leave it out if only flushes shall reach the platter";
    let after = table.duration("disk.write.back.after", problems).parse(problems, help, |after| {
        if after.is_zero() {
            Err("`disk.write.back.after` must be longer than 0s".to_owned())
        } else {
            Ok(Some(after))
        }
    });
    spec.write_back_after = after.or(spec.write_back_after).value;
}

/// `[phases]`. The length of the fault phase keeps its place, because faults are measured against it.
pub(super) fn phases(table: Option<Table<'_>>, problems: &mut Problems) -> (Phases, Read<Duration>) {
    let Some(mut table) = table else {
        return (PHASES, Field::Absent.or(PHASES.faults));
    };
    let mut phase = |key, default| {
        let length = table.duration(key, problems).parse(problems, "", |length| {
            if length.is_zero() { Err(format!("phase `{key}` must last longer than 0s")) } else { Ok(length) }
        });
        length.or(default)
    };
    let warmup = phase("warmup", PHASES.warmup).value;
    let faults = phase("faults", PHASES.faults);
    let liveness = phase("liveness", PHASES.liveness).value;
    table.finish(problems);
    (Phases { warmup, faults: faults.value, liveness }, faults)
}

/// `[expect]`
pub(super) fn expect(table: Option<Table<'_>>, problems: &mut Problems) -> Expectation {
    let Some(mut table) = table else {
        return Expectation {
            verdict: ExpectedVerdict::Pass,
            contract: Contract::Beyond,
            unavailable_at_least: None,
            indeterminate_at_most: None,
            deleted_at_least: None,
        };
    };
    let verdicts =
        "there is `pass`, `vacuous` and `liveness`; an anomaly is expected with `violation = \"…\"`";
    let verdict = table.text("verdict", problems).parse(problems, verdicts, |text| match text.as_str() {
        "pass" => Ok(ExpectedVerdict::Pass),
        "vacuous" => Ok(ExpectedVerdict::Vacuous),
        "liveness" => Ok(ExpectedVerdict::Liveness),
        _ => Err(format!("unknown verdict `{text}`")),
    });
    let violation = anomalies(&mut table, "violation", problems);
    let may_violate = anomalies(&mut table, "may_violate", problems);
    let contract = table.word("contract", &Contract::ALL, problems);
    let unavailable_at_least = table.duration("unavailable_at_least", problems).ok();
    let mut count = |key| {
        let count = table.whole(key, 0..=i64::MAX, problems);
        count.ok().and_then(|count| u64::try_from(count).ok())
    };
    let indeterminate_at_most = count("indeterminate_at_most");
    let deleted_at_least = count("deleted_at_least");
    table.finish(problems);
    let not_pass = match &verdict {
        Field::Given(ExpectedVerdict::Pass, _) => None,
        Field::Given(_, span) => Some((*span, "so this can only contradict it")),
        Field::Absent | Field::Wrong => None,
    };
    if let (Field::Given(_, verdict), Field::Given(_, violation)) = (&verdict, &violation) {
        let message = "both a verdict and a violation are expected";
        let diagnostic = Diagnostic::new(message).at(*violation, "this is a verdict of its own");
        problems.report(
            diagnostic.at(*verdict, "so this can only contradict it").help("keep one of them".to_owned()),
        );
    }
    if let Field::Given(_, span) = &may_violate
        && let Some((other, label)) = not_pass.or(match &violation {
            Field::Given(_, span) => Some((*span, "and this must happen")),
            Field::Absent | Field::Wrong => None,
        })
    {
        let diagnostic = Diagnostic::new("what may happen and what must happen contradict each other");
        let diagnostic = diagnostic.at(*span, "this may happen, or nothing").at(other, label);
        problems.report(diagnostic.help("keep one of them".to_owned()));
    }
    if let (Field::Given(_, span), Field::Absent, Field::Absent) = (&contract, &violation, &may_violate) {
        let message = "`contract` says nothing: no violation is expected";
        let help = "add `violation` or `may_violate`; how far random faults may go is said in `[limits]`";
        problems.report(Diagnostic::new(message).at(*span, "of what?").help(help.to_owned()));
    }
    let violation = violation.map(ExpectedVerdict::Violation).ok();
    let may_violate = may_violate.map(ExpectedVerdict::PassOr).ok();
    let verdict = violation.or(may_violate).or(verdict.ok()).unwrap_or(ExpectedVerdict::Pass);
    let contract = contract.or(Contract::Beyond).value;
    Expectation { verdict, contract, unavailable_at_least, indeterminate_at_most, deleted_at_least }
}

/// One anomaly or several, by name.
fn anomalies(table: &mut Table<'_>, key: &'static str, problems: &mut Problems) -> Field<Vec<Anomaly>> {
    let names = match table.take(key) {
        None => Field::Absent,
        Some(entry) => texts(key, entry.value, entry.span, problems),
    };
    if let Field::Given(names, _) = &names {
        let known = Anomaly::ALL.map(Anomaly::name);
        for (name, span) in names.iter().filter(|(name, _)| Anomaly::parse(name).is_none()) {
            let help = suggest(name, known);
            let help = help.unwrap_or_else(|| format!("there is {}", list(&known)));
            problems.report(Diagnostic::new(format!("unknown anomaly `{name}`")).at(*span, "").help(help));
        }
    }
    names.map(|names| names.iter().filter_map(|(name, _)| Anomaly::parse(name)).collect())
}
