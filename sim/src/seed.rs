//! The seed of a run, and the named streams of randomness drawn from it.
//!
//! Nobody shares a generator: each use of randomness has a name of its own, `(site, ordinal)`, such as
//! `("disk.fsync", 2)`. A stream is a pure function of seed and name, so removing one user, or letting it draw more,
//! never shifts what another one draws. Shrinking rests on this.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use twox_hash::XxHash64;

/// The one number that decides a run.
///
/// Parses from
/// * decimal digits: `42`;
/// * `0x` and up to 16 hexadecimal digits: `0x2a`;
/// * a git hash, 7 to 40 hexadecimal digits of which at least one is a letter: hashed, upper case or lower.
///
/// Digits only are always decimal, and an error above `u64::MAX`. Displays as decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

/// Text that is not a [`Seed`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// A number above `u64::MAX`.
    #[error("seed {0} does not fit 64 bits")]
    TooLarge(String),
    /// None of the three forms.
    #[error("{0:?} is neither decimal, nor 0x and hexadecimal digits, nor a git hash")]
    Unreadable(String),
}

impl Seed {
    /// The generator that `site` uses for its `ordinal`-th purpose. The same arguments give the same stream for ever.
    pub fn stream(&self, site: &str, ordinal: u64) -> ChaCha8Rng {
        // The length keeps sites apart whose bytes would run into the ordinal.
        let mut name = Vec::with_capacity(24 + site.len());
        name.extend_from_slice(&self.0.to_le_bytes());
        name.extend_from_slice(&(site.len() as u64).to_le_bytes());
        name.extend_from_slice(site.as_bytes());
        name.extend_from_slice(&ordinal.to_le_bytes());

        let mut key = [0; 32];
        for (lane, word) in (0..).zip(key.chunks_exact_mut(8)) {
            word.copy_from_slice(&XxHash64::oneshot(lane, &name).to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Seed {
    type Err = SeedError;

    fn from_str(text: &str) -> Result<Seed, SeedError> {
        let unreadable = || SeedError::Unreadable(text.to_owned());
        let all = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        if all(text, 10) {
            return text.parse().map(Seed).map_err(|_| SeedError::TooLarge(text.to_owned()));
        }
        if let Some(digits) = text.strip_prefix("0x") {
            if !all(digits, 16) {
                return Err(unreadable());
            }
            return u64::from_str_radix(digits, 16)
                .map(Seed)
                .map_err(|_| SeedError::TooLarge(text.to_owned()));
        }
        if !all(text, 16) || !(7..=40).contains(&text.len()) {
            return Err(unreadable());
        }
        Ok(Seed(XxHash64::oneshot(0, text.to_ascii_lowercase().as_bytes())))
    }
}

/// The seeds that `SIM_SEED` (one seed) or `SIM_SEEDS` (`20` for 1 to 20, or `5..9` for 5 to 8) asks for; those of
/// `default` if neither is set. `SIM_SEED` counts if both are.
///
/// # Errors
/// What is wrong with the variable, in words.
pub fn seeds_from_env(default: Range<u64>) -> Result<Vec<Seed>, String> {
    if let Ok(text) = std::env::var("SIM_SEED") {
        let seed = text.parse().map_err(|error| format!("SIM_SEED: {error}"))?;
        return Ok(vec![seed]);
    }
    let range = match std::env::var("SIM_SEEDS") {
        Ok(text) => text.parse::<SeedRange>().map_err(|error| format!("SIM_SEEDS: {error}"))?.0,
        Err(_) => default,
    };
    Ok(range.map(Seed).collect())
}

/// Seeds one after the other, at least one. Parses from `20`, which is 1 to 20, and `5..9`, which is 5 to 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedRange(pub Range<u64>);

impl FromStr for SeedRange {
    type Err = String;

    fn from_str(text: &str) -> Result<SeedRange, String> {
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| format!("{text:?} is not a number"));
        let range = match text.split_once("..") {
            Some((first, end)) => number(first)?..number(end)?,
            None => 1..number(text)?.saturating_add(1),
        };
        if range.is_empty() { Err(format!("{text:?} holds no seed")) } else { Ok(SeedRange(range)) }
    }
}

impl fmt::Display for SeedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.0.start, self.0.end)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngCore;

    use super::*;

    #[test]
    fn reads_each_form() {
        assert_eq!("42".parse(), Ok(Seed(42)));
        assert_eq!("18446744073709551615".parse(), Ok(Seed(u64::MAX)));
        assert_eq!("0x2A".parse(), Ok(Seed(42)));
        assert_eq!("0xffffffffffffffff".parse(), Ok(Seed(u64::MAX)));
        // Seven digits and no letter: decimal, even if git printed them.
        assert_eq!("1234567".parse(), Ok(Seed(1_234_567)));
        assert_eq!("BADC0DE".parse::<Seed>(), "badc0de".parse::<Seed>());
        assert_ne!("badc0de".parse::<Seed>(), "badc0df".parse::<Seed>());
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "0x", "0xg", "-1", "+1", " 1", "1_000", "abcdef", &"a".repeat(41), "main"] {
            assert_eq!(text.parse::<Seed>(), Err(SeedError::Unreadable(text.to_owned())), "{text:?}");
        }
        for text in ["18446744073709551616", "0x10000000000000000"] {
            assert_eq!(text.parse::<Seed>(), Err(SeedError::TooLarge(text.to_owned())));
        }
    }

    #[test]
    fn displays_what_it_parses() {
        let seed = Seed(0xdead_beef);
        assert_eq!(seed.to_string(), "3735928559");
        assert_eq!(seed.to_string().parse(), Ok(seed));
    }

    /// Recorded scenarios name seeds: if this fails, the mapping changed and every one of them plays something else.
    #[test]
    fn the_mapping_never_changes() {
        let first = |seed: u64, site: &str, ordinal| Seed(seed).stream(site, ordinal).next_u64();
        let mapped = [first(0, "", 0), first(42, "disk.fsync", 0), first(42, "disk.fsync", 1)];
        assert_eq!(
            mapped,
            [11_051_667_615_759_836_254, 17_823_747_852_033_971_447, 6_870_406_586_954_663_911]
        );
        assert_eq!("badc0de".parse(), Ok(Seed(13_028_431_792_955_937_441)));
    }

    #[test]
    fn each_name_has_its_own_stream() {
        let mut firsts: Vec<u64> = Vec::new();
        for seed in 0..4 {
            for site in ["", "a", "b", "ab", "a\0"] {
                for ordinal in 0..4 {
                    firsts.push(Seed(seed).stream(site, ordinal).next_u64());
                }
            }
        }
        let count = firsts.len();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), count);
        assert_eq!(Seed(7).stream("a", 1), Seed(7).stream("a", 1));
    }

    #[test]
    fn ranges_of_seeds_are_a_count_or_from_and_to() {
        let range = |text: &str| text.parse::<SeedRange>().map(|range| range.0);
        assert_eq!(range("3"), Ok(1..4));
        assert_eq!(range("5..9"), Ok(5..9));
        assert_eq!(range("9..5"), Err("\"9..5\" holds no seed".to_owned()));
        assert_eq!(range("0"), Err("\"0\" holds no seed".to_owned()));
        assert_eq!(range("many"), Err("\"many\" is not a number".to_owned()));
    }
}
