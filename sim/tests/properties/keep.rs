//! What becomes of a scenario that broke a property: one more regression.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sim::scenario::Scenario;
use twox_hash::XxHash64;

use crate::property::Property;

/// A story is for people: more characters of a reason than these are for whoever runs it again.
const WHY_MAX: usize = 300;

/// Writes it as a scenario with a name, a story and its seed, and says where. Of one that is there already nothing is
/// changed: the name depends on nothing but the content. It is there as a whole or not at all.
///
/// Its faults may miss: what a property is about holds of a run in which some do, and once the bug is mended the scenario
/// should pass then, too.
pub fn keep(folder: &Path, property: &Property, smallest: &Scenario, why: &str) -> io::Result<PathBuf> {
    let mut smallest = smallest.clone();
    smallest.plan.faults.iter_mut().for_each(|fault| fault.may_miss = true);
    smallest.plan.random.iter_mut().for_each(|random| random.may_miss = true);
    let hash = XxHash64::oneshot(0, smallest.to_toml().as_bytes()) >> 32;
    let name = format!("property-{}-{hash:08x}", property.what);
    let path = folder.join(format!("{name}.toml"));
    let story = format!(
        "Nobody wrote this: the property tests drew it and made it as small as they could. It breaks what they try on\n\
         every schedule: {}.\nWhat came out when it was found: {}\n",
        property.says,
        why.lines().next().unwrap_or_default().chars().take(WHY_MAX).collect::<String>(),
    );
    let temporary = folder.join(format!(".{name}.tmp-{}", std::process::id()));
    let text = Scenario { name, story, ..smallest }.to_toml();
    fs::write(&temporary, format!("#:schema ../../schema/scenario.schema.json\n{text}"))?;
    // A link replaces nothing.
    let placed = fs::hard_link(&temporary, &path);
    fs::remove_file(&temporary)?;
    match placed {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(path),
    }
}

mod tests {
    use sim::scenario::load;

    use super::*;
    use crate::property::Shown;
    use crate::strategies::{any_schedule, within_contract};

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let path = std::env::temp_dir().join(format!("sim-properties-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            Place(path)
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    #[test]
    fn what_breaks_a_property_is_shrunk_printed_and_kept_and_tried_first_from_then_on() {
        let place = Place::new("wrong");
        let wrong = Property {
            what: "wrong",
            says: "no schedule has more than one scripted fault, which is deliberately wrong",
            cases: 100,
            telling: 0,
            holds: |scenario| match scenario.plan.faults.len() {
                0 | 1 => Ok(Shown::Something),
                count => Err(format!("{count} faults")),
            },
        };
        let said = wrong.check_in(&place.0, any_schedule()).expect_err("it is wrong");
        let files: Vec<PathBuf> =
            std::fs::read_dir(&place.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [file] = &files[..] else { panic!("{files:?}") };
        let kept = load(file).unwrap_or_else(|problems| panic!("{problems}"));
        for part in [
            "not so: no schedule has",
            "2 faults",
            &kept.plan.faults[0].harm.aim_text(),
            &file.display().to_string(),
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(file.file_stem().unwrap().to_str(), Some(&*kept.name));
        assert!(kept.name.starts_with("property-wrong-") && 20 <= kept.story.split_whitespace().count());
        assert_eq!((kept.plan.faults.len(), kept.plan.random.len()), (2, 0), "fewer faults first: {said}");
        assert!(kept.plan.faults.iter().all(|fault| fault.may_miss), "it is red for ever: {said}");
        assert_eq!((kept.cluster.brokers, kept.topics[0].partitions, kept.consumers.len()), (3, 1, 0));
        let producers: Vec<u64> = kept.producers.iter().map(|producer| producer.records).collect();
        assert_eq!((producers, kept.seed.map(|seed| seed.0)), (vec![10], Some(1)));
        // What is kept is tried before anything is drawn, and never touched.
        let text = std::fs::read_to_string(file).unwrap();
        let again = wrong.check_in(&place.0, within_contract()).expect_err("it is wrong");
        assert!(again.contains("is still broken: 2 faults"), "{again}");
        assert_eq!(
            keep(
                &place.0,
                &wrong,
                &Scenario { name: "property".into(), story: "Whatever the strategies draw.".into(), ..kept },
                "again"
            )
            .unwrap(),
            *file
        );
        assert_eq!(std::fs::read_to_string(file).unwrap(), text);
    }

    #[test]
    fn a_property_of_which_no_case_shows_anything_does_not_hold() {
        let place = Place::new("empty");
        let (what, says) = ("empty", "nothing is ever seen");
        let empty = Property { what, says, cases: 1, telling: 1, holds: |_| Ok(Shown::Nothing) };
        let said = empty.check_in(&place.0, any_schedule()).expect_err("it shows nothing");
        assert!(said.starts_with("empty: only 0 cases show that nothing is ever seen"), "{said}");
    }
}
