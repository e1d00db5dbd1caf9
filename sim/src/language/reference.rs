//! The language as a document, in Markdown.

use broker_core::config::{PROPERTIES, Scope, TimeScale};

use super::entries::{default_of, usually};
use super::faults::{fault_keys, is_parameter};
use super::sections::SECTIONS;
use super::table::{Key, Section};
use super::template::template;
use super::trigger::{FAULT_EVENTS, TRIGGER};
use super::{example, form};
use crate::checker::Anomaly;
use crate::nemesis::{EVENTS, KINDS, Length, Shape, TARGETS};
use crate::verdict::Verdict;

/// All of it.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    text += &format!("```toml\n{}```\n", template("example", None));
    text += "\n## Sections\n";
    SECTIONS.iter().for_each(|section| text += &of_section(section));
    text += &kinds();
    text += &triggers();
    text += &targets();
    text += &properties();
    text += &verdicts();
    text
}

const HEAD: &str = "\
# The language of scenarios

<!-- Made from the tables in sim/src/language by `UPDATE_REFERENCE=1 cargo test -p sim --test language`. Do not edit. -->

A scenario is one TOML file: a cluster, its load, what happens to it, and what must come out. `cargo sim run FILE` runs it,
`cargo sim check` only reads it, `cargo sim new NAME` writes the one below, and `cargo sim explain WORD` says what follows
here about one word. Editors that know TOML schemas (Even Better TOML, for one) complete and check scenarios by
`schema/scenario.schema.json`, which the first line of each file names.

* [Sections](#sections): what stands in which table
* [Kinds of faults](#kinds-of-faults): what can go wrong
* [Triggers](#triggers): when it does, and the [events](#events) it may wait for
* [Targets](#targets): whom it hits
* [Kafka's properties](#kafkas-properties)
* [Verdicts, exit codes and anomalies](#verdicts-exit-codes-and-anomalies)

Durations of our own keys are text with units (`us`, `ms`, `s`, `m`, `h`); Kafka's properties keep Kafka's units. Where a
range may stand, `\"1s..3s\"`, a value is drawn from the seed. Names with dots are nested tables to TOML, as usual.

";

fn of_section(section: &Section) -> String {
    let header = match section.header() {
        header if section.name.is_empty() => capital(&header),
        header => format!("`{header}`"),
    };
    let needed = if section.needed { " At least one is needed, unless there is a `[swarm]`." } else { "" };
    let mut text = format!("\n### {header}\n\n{}{needed}\n", section.doc);
    if section.name == "when" {
        text = format!("\n## Triggers\n\n{}\n", section.doc);
    }
    let mut keys = section.every_key();
    if section.name == "nemesis" {
        // What a kind does is said once, where it is scripted.
        keys.retain(|(key, _)| !is_parameter(key));
        text += "\nEach kind has the parameters that it has as a `[[fault]]`.\n";
    }
    if !keys.is_empty() {
        text += &table(
            &["key", "takes", "without it", "meaning"],
            keys.iter().map(|(key, kinds)| row(key, kinds)),
        );
    }
    if let Some(scope) = section.properties {
        text += &format!("\nKafka's [{scope} properties](#{scope}-properties) may stand here.\n");
    }
    text
}

fn row(key: &Key, kinds: &[&str]) -> Vec<String> {
    let of_kinds = if kinds.is_empty() { String::new() } else { format!(" *Of {}.*", code(kinds)) };
    let absent = key.absent.describe();
    let absent = if absent == "required" { "**required**".to_owned() } else { absent };
    vec![format!("`{}`", key.name), key.form.describe(), absent, format!("{}{of_kinds}", key.doc)]
}

fn kinds() -> String {
    let mut text = "\n## Kinds of faults\n\nA fault without its effect makes the run vacuous, unless it says `may_miss = true`.\n"
        .to_owned();
    for kind in KINDS {
        let aim = match kind.shape {
            Shape::Hosts => "`target`",
            Shape::Links => "`between`, or `from` and `to`",
            Shape::HostsOrLinks => "`target`, or `between`, or `from` and `to`",
        };
        let end = match kind.length {
            Length::DownFor => "by `down_for` or `until`",
            Length::Lasts => "by `lasts` or `until`",
            Length::Instant => "at once",
        };
        text += &format!("\n### `{}`\n\n*{}.* {}\n\n", kind.name, capital(kind.family.name()), kind.doc);
        text += &format!("* effect: {}\n* aimed with {aim}; ends {end}\n", kind.effect);
        text += &format!("* random ones usually hit {}\n", usually(kind));
        let keys = fault_keys(kind);
        for key in keys.iter().filter(|key| is_parameter(key)) {
            let (takes, absent) = (key.form.describe(), key.absent.describe());
            text += &format!("* `{}`: {} Takes {takes}; {absent}.\n", key.name, key.doc);
        }
        text += &format!("\n```toml\n{}\n{}```\n", example::fault(kind), example::nemesis(kind));
    }
    text
}

fn triggers() -> String {
    let mut text = of_section(&TRIGGER);
    text += &format!("\nRequests for `api`: {}.\n", code(&form::apis()));
    text += "\n### Events\n";
    let row = |name: &str, host: &str, doc: &str, before: &str| {
        vec![format!("`{name}`"), host.to_owned(), doc.to_owned(), before.to_owned()]
    };
    let of_hosts = EVENTS.iter().map(|event| row(event.name, event.host, event.doc, event.before));
    let of_faults = FAULT_EVENTS.iter().map(|(name, doc)| row(name, "of no host", doc, "there is no before"));
    let heads = ["event", "where", "what happens", "what is so before it"];
    text += &table(&heads, of_hosts.chain(of_faults));
    text += &format!("\n```toml\n{}```\n", example::fault_event("fault_started"));
    text
}

fn targets() -> String {
    let rows = TARGETS.iter().map(|target| vec![target.form.to_owned(), target.doc.to_owned()]);
    "\n## Targets\n\nWhoever it is when the fault begins, and the same hosts until it ends.\n".to_owned()
        + &table(&["target", "whom it means"], rows)
}

fn properties() -> String {
    let mut text = "\n## Kafka's properties\n\nNames, units and defaults are Kafka's. The compressed time scale divides \
                    the defaults of times by 20; it never changes what is written.\n"
        .to_owned();
    for scope in [Scope::Broker, Scope::Topic, Scope::Producer, Scope::Consumer] {
        text += &format!("\n### {} properties\n", capital(&scope.to_string()));
        let rows = PROPERTIES.iter().filter(|property| property.scope == scope).map(|property| {
            let default = |scale| default_of(property, scale);
            let (kafka, compressed) = (default(TimeScale::Kafka), default(TimeScale::Compressed));
            vec![
                format!("`{}`", property.name),
                property.kind.to_string(),
                kafka,
                compressed,
                property.doc.to_owned(),
            ]
        });
        text += &table(&["property", "takes", "Kafka's default", "compressed", "meaning"], rows);
    }
    text
}

fn verdicts() -> String {
    let mut text = "\n## Verdicts, exit codes and anomalies\n\nA run that ends as its `[expect]` says has exit code 0, \
                    whatever its verdict. Exit code 2 is wrong usage or a wrong scenario: nothing was run. Of several runs \
                    the worst counts.\n"
        .to_owned();
    let rows = Verdict::ALL.iter().map(|verdict| {
        vec![format!("`{verdict}`"), verdict.exit_code().to_string(), verdict.doc().to_owned()]
    });
    text += &table(&["verdict", "exit code", "meaning"], rows);
    text += "\nThe names of anomalies are those of Jepsen's Kafka workload.\n";
    let rows = Anomaly::ALL.iter().map(|anomaly| vec![format!("`{anomaly}`"), anomaly.doc().to_owned()]);
    text + &table(&["anomaly", "meaning"], rows)
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', " "));
    let mut text = format!("\n| {} |\n|{}\n", heads.join(" | "), "---|".repeat(heads.len()));
    for row in rows {
        let escaped: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        text += &line(&escaped);
    }
    text
}

fn code(words: &[impl AsRef<str>]) -> String {
    words.iter().map(|word| format!("`{}`", word.as_ref())).collect::<Vec<_>>().join(", ")
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}
