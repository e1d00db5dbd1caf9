//! What `cargo sim explain` takes.

use broker_core::types::{Offset, TopicPartition};
use clap::Args;

use super::super::args::Format;
use crate::history::MessageId;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ExplainArguments {
    /// A run directory; or a section, own key, kind of fault, event, target, Kafka property, anomaly or verdict, or a list
    /// of them.
    #[arg(value_name = "RUN_DIR|WORD")]
    pub words: Vec<String>,
    /// Of a run: tell the life of this message, lost or not.
    #[arg(long, value_name = "CLIENT/ORDINAL")]
    pub record: Option<MessageId>,
    /// Of a run: tell the life of the record that was at --offset of this topic partition last.
    #[arg(long, value_name = "TOPIC-N", value_parser = partition, requires = "offset", conflicts_with = "record")]
    pub partition: Option<TopicPartition>,
    /// Where it was.
    #[arg(long, value_name = "N", value_parser = offset, requires = "partition")]
    pub offset: Option<Offset>,
    /// How the answer is printed: as JSON, an object for each word or finding.
    #[arg(long, value_enum, default_value = "human")]
    pub format: Format,
}

const EXAMPLES: &str = "\
Lists: sections, keys, kinds, events, targets, properties, anomalies, verdicts

Examples:
  cargo sim explain reports/latest
  cargo sim explain reports/latest --record 0/12
  cargo sim explain reports/latest --partition orders-0 --offset 363
  cargo sim explain power_loss
  cargo sim explain fault.at record_acknowledged
  cargo sim explain log.flush.scheduler.interval.ms
  cargo sim explain events

Exit codes:
  0  explained, or the run found nothing that needs it
  2  no such word, record or run; or a file of the run cannot be read";

fn partition(text: &str) -> Result<TopicPartition, String> {
    TopicPartition::parse(text).ok_or_else(|| {
        format!("`{text}` is no topic partition: write its topic and its number, such as orders-0")
    })
}

fn offset(text: &str) -> Result<Offset, String> {
    let offset = text.parse().ok().filter(|offset| 0 <= *offset).map(Offset);
    offset.ok_or_else(|| format!("`{text}` is no offset: write a number from 0 on"))
}
