//! Which part of a sweep is this machine's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of several machines that share a sweep. Parses from `2/3`: the second of three.
///
/// Invariant: `1 <= index <= count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    /// Of how many.
    pub count: u32,
    /// Which one, from 1 on.
    pub index: u32,
}

impl Shard {
    fn new(index: u32, count: u32) -> Result<Shard, String> {
        if index < 1 || count < index {
            return Err(format!("there is no shard {index} of {count}: they count from 1/{count}"));
        }
        Ok(Shard { count, index })
    }

    /// Its part: every `count`-th.
    pub fn of<T>(self, items: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        items.skip(self.index as usize - 1).step_by(self.count as usize)
    }

    /// By how much to turn this row of so many items, so that no place in the rows always belongs to the same shard. The
    /// places of a shard repeat after `count / gcd` rows, and by then it has met every `gcd`-th.
    pub fn turns(self, row: u64, items: usize) -> usize {
        let (items, count) = (items.max(1) as u64, u64::from(self.count));
        let (mut gcd, mut rest) = (items, count);
        while rest != 0 {
            (gcd, rest) = (rest, gcd % rest);
        }
        usize::try_from(row / (count / gcd) % items).expect("less than the number of items")
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let number = |text: &str| text.parse::<u32>().map_err(|_| format!("{text:?} is not a number"));
        let (index, count) =
            text.split_once('/').ok_or_else(|| format!("{text:?} is not of the form 2/3"))?;
        Shard::new(number(index)?, number(count)?)
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Shard, String> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// Which shard somebody asks for: `2/3`, `auto`, or `auto/3` where the platform does not say how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardChoice {
    /// This one.
    Fixed(Shard),
    /// The one that the platform says; `count` of them, if it does not say that.
    Auto {
        /// How many there are.
        count: Option<u32>,
    },
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<ShardChoice, String> {
        match text.strip_prefix("auto") {
            None => text.parse().map(ShardChoice::Fixed),
            Some("") => Ok(ShardChoice::Auto { count: None }),
            Some(rest) => {
                let count = rest.strip_prefix('/').and_then(|count| count.parse().ok());
                let count = count.filter(|count| 0 < *count);
                count.map(|count| ShardChoice::Auto { count: Some(count) }).ok_or_else(|| {
                    format!("{text:?} is not auto/n, where n says how many shards there are, 1 or more")
                })
            }
        }
    }
}

/// A platform that numbers its machines in variables.
struct Platform {
    name: &'static str,
    index: &'static str,
    /// What it calls the first one.
    first: u32,
    count: &'static str,
}

/// Those that are asked, the innermost first: a test runner runs inside a pipeline's job, and that may be a pod.
///
/// Sources: Bazel's test encyclopedia, GitLab's predefined variables, AWS Batch's job environment variables, Kubernetes'
/// Indexed Jobs. Kubernetes does not say how many pods there are; whoever writes the job does, in [`COUNT`].
const PLATFORMS: [Platform; 4] = [
    Platform { name: "Bazel", index: "TEST_SHARD_INDEX", first: 0, count: "TEST_TOTAL_SHARDS" },
    Platform { name: "GitLab", index: "CI_NODE_INDEX", first: 1, count: "CI_NODE_TOTAL" },
    Platform {
        name: "AWS Batch",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first: 0,
        count: "AWS_BATCH_JOB_ARRAY_SIZE",
    },
    Platform { name: "Kubernetes", index: "JOB_COMPLETION_INDEX", first: 0, count: COUNT },
];

/// Says how many shards there are where the platform does not.
pub const COUNT: &str = "SIM_SHARDS";

/// The shard that the platform's variables say, and lines for people: where it comes from, and who disagrees.
///
/// # Errors
/// None of the variables is set, or they make no sense; in words.
pub fn from_platform(
    count: Option<u32>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(Shard, Vec<String>), String> {
    let mut found: Vec<(&Platform, Shard)> = Vec::new();
    let mut problems = Vec::new();
    for platform in PLATFORMS.iter().filter(|platform| variable(platform.index).is_some()) {
        match ask(platform, count, &variable) {
            Ok(shard) => found.push((platform, shard)),
            Err(problem) => problems.push(problem),
        }
    }
    let Some(((taken, shard), others)) = found.split_first() else {
        let names: Vec<&str> = PLATFORMS.iter().map(|platform| platform.index).collect();
        let nothing = || format!("none of {} is set: say which shard this is, as in 2/3", names.join(", "));
        return Err(if problems.is_empty() { nothing() } else { problems.join("; ") });
    };
    let mut said = vec![format!("shard {shard}, as {} of {} says", taken.index, taken.name)];
    let others = others.iter().filter(|(_, other)| other != shard);
    said.extend(others.map(|(other, that)| {
        format!("warning: {} of {} says {that}; {shard} was taken", other.index, other.name)
    }));
    said.extend(problems.iter().map(|problem| format!("warning: {problem}; {shard} was taken")));
    Ok((*shard, said))
}

fn ask(
    platform: &Platform,
    given: Option<u32>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Shard, String> {
    let number = |name: &str| {
        let read = |text: String| {
            text.trim().parse::<u32>().map_err(|_| format!("{name} is {text:?}, not a number"))
        };
        variable(name).map(read).transpose()
    };
    let Platform { name, index, first, .. } = *platform;
    let counted = number(platform.count)?;
    if let (Some(given), Some(counted)) = (given, counted)
        && given != counted
    {
        return Err(format!("auto/{given} contradicts {}, which is {counted}", platform.count));
    }
    let count = counted.or(given).ok_or_else(|| {
        format!(
            "{index} of {name} does not say how many shards there are: say auto/n, or set {}",
            platform.count
        )
    })?;
    let number = number(index)?.unwrap_or(first);
    let shard = number.checked_sub(first).and_then(|number| number.checked_add(1));
    let shard = shard.and_then(|shard| Shard::new(shard, count).ok());
    shard.ok_or_else(|| {
        format!("{index} of {name} is {number}, which cannot be with {count} shards from {first} on")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(count: Option<u32>, variables: &[(&str, &str)]) -> Result<(String, Vec<String>), String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        from_platform(count, variable).map(|(shard, said)| (shard.to_string(), said))
    }

    fn shard(count: Option<u32>, variables: &[(&str, &str)]) -> String {
        auto(count, variables).unwrap().0
    }

    #[test]
    fn shards_count_from_one() {
        let shard: Shard = "2/3".parse().unwrap();
        assert_eq!(shard.of(0..8).collect::<Vec<_>>(), [1, 4, 7]);
        for wrong in ["0/4", "5/4", "1/0", "1", "a/2", "-1/2", ""] {
            wrong.parse::<ShardChoice>().expect_err(wrong);
        }
        assert_eq!("auto/3".parse(), Ok(ShardChoice::Auto { count: Some(3) }));
        for wrong in ["auto/0", "auto/", "automatic"] {
            wrong.parse::<ShardChoice>().expect_err(wrong);
        }
    }

    #[test]
    fn each_platform_counts_in_its_own_way() {
        assert_eq!(shard(None, &[("TEST_SHARD_INDEX", "0"), ("TEST_TOTAL_SHARDS", "4")]), "1/4");
        assert_eq!(shard(None, &[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")]), "1/4");
        let batch = [("AWS_BATCH_JOB_ARRAY_INDEX", "9"), ("AWS_BATCH_JOB_ARRAY_SIZE", "10")];
        assert_eq!(shard(None, &batch), "10/10");
        assert_eq!(shard(Some(3), &[("JOB_COMPLETION_INDEX", "2")]), "3/3");
        assert_eq!(shard(None, &[("JOB_COMPLETION_INDEX", "2"), (COUNT, "5")]), "3/5");
    }

    #[test]
    fn nothing_set_or_nothing_sensible_is_said() {
        let error = auto(None, &[("CI_NODE_TOTAL", "1")]).unwrap_err();
        for name in ["TEST_SHARD_INDEX", "CI_NODE_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX"]
        {
            assert!(error.contains(name), "{error}");
        }
        let error = auto(None, &[("JOB_COMPLETION_INDEX", "2")]).unwrap_err();
        assert!(error.contains("auto/n") && error.contains(COUNT), "{error}");
        auto(None, &[("CI_NODE_INDEX", "5"), ("CI_NODE_TOTAL", "4")]).unwrap_err();
        auto(None, &[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "4")]).unwrap_err();
        let error = auto(Some(3), &[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "4")]).unwrap_err();
        assert!(error.contains("contradicts"), "{error}");
    }

    #[test]
    fn of_two_platforms_the_inner_one_is_taken_and_the_other_is_named() {
        let both = [
            ("TEST_SHARD_INDEX", "1"),
            ("TEST_TOTAL_SHARDS", "2"),
            ("JOB_COMPLETION_INDEX", "0"),
            (COUNT, "2"),
        ];
        let (shard, said) = auto(None, &both).unwrap();
        assert_eq!(shard, "2/2");
        assert!(said[1].contains("JOB_COMPLETION_INDEX of Kubernetes says 1/2; 2/2 was taken"), "{said:?}");
    }
}
