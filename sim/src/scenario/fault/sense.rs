//! What one fault cannot do to whom it is aimed at, and events that cannot happen where a trigger looks for them.

use super::aim::AimDraft;
use super::harm::HarmDraft;
use super::scripted::FaultDraft;
use super::when::Written;
use crate::nemesis::{Aim, Family, Happening, Shape, Site, Start, Target, Trigger, Until};
use crate::scenario::diagnostic::{Diagnostic, Problems, Span};

/// How many clients of each sort there are; `None` if their sections could not be read.
#[derive(Clone, Copy)]
pub(in crate::scenario) struct Clients {
    pub producers: Option<usize>,
    pub all: Option<usize>,
    /// This is the record of a run: what turned out to be nobody was nobody.
    pub recorded: bool,
}

/// What hosts a target certainly means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Broker,
    Controller,
    Producer,
    Consumer,
    /// A producer or a consumer.
    Client,
}

impl FaultDraft {
    /// Reports what can have no effect.
    pub fn check_sense(&self, clients: Clients, problems: &mut Problems) {
        if let Some(start) = &self.start
            && let Start::When(trigger) = &start.value
        {
            happens(start, trigger, clients, problems);
        }
        let Some(harm) = &self.harm else { return };
        harm.check_sense(clients, problems);
        if let Some(until) = &harm.until
            && let Until::When(trigger) = &until.value
        {
            happens(until, trigger, clients, problems);
        }
    }
}

impl HarmDraft {
    /// Reports targets that this kind cannot hit.
    pub fn check_sense(&self, clients: Clients, problems: &mut Problems) {
        others(&self.aim, problems);
        if !clients.recorded {
            nothing_between(&self.aim, problems);
        }
        let of_disk = self.kind.family == Family::Disk || self.kind.name == "wipe";
        if !of_disk || self.kind.shape != Shape::Hosts {
            return;
        }
        for (target, span) in self.aim.targets() {
            let role = role(target, clients);
            if matches!(role, Some(Role::Client | Role::Producer | Role::Consumer)) {
                let have = if matches!(target, Target::Clients) { "have" } else { "has" };
                let diagnostic = Diagnostic::new(format!("`{target}` {have} no disk")).at(*span, "");
                let diagnostic = diagnostic.at(self.kind_place, "this is done to disks");
                problems.report(diagnostic.help("brokers and the controller have disks".to_owned()));
            }
        }
    }
}

/// `others` means something only beside another side.
fn others(aim: &AimDraft, problems: &mut Problems) {
    let find = |side: &[(Target, Span)]| {
        side.iter().find(|(target, _)| *target == Target::Others).map(|(_, span)| *span)
    };
    match (&aim.aim, find(&aim.one), find(&aim.other)) {
        (Some(Aim::Hosts(_)), Some(span), _) => only_beside_a_side(span, problems),
        (Some(Aim::Links { .. }), Some(one), Some(other)) => {
            let diagnostic = Diagnostic::new("`others` on both sides means nobody");
            let diagnostic =
                diagnostic.at(other, "everybody but the one side").at(one, "everybody but the other");
            problems.report(diagnostic.help("name the hosts of one side".to_owned()));
        }
        _ => {}
    }
}

fn only_beside_a_side(span: Span, problems: &mut Problems) {
    let diagnostic =
        Diagnostic::new("`others` has a meaning only on one side of a link").at(span, "others than who?");
    problems.report(diagnostic.help("it is every host that the other side does not name".to_owned()));
}

/// One and the same host on both sides: there is no link.
fn nothing_between(aim: &AimDraft, problems: &mut Problems) {
    let Some(Aim::Links { from, to, .. }) = &aim.aim else { return };
    let ([(_, one), ..], [(_, other), ..]) = (&aim.one[..], &aim.other[..]) else { return };
    let same = from.iter().chain(to).all(|target| *target == from[0] && is_one_host(target));
    if same {
        let diagnostic = Diagnostic::new("both sides are the same host: there is nothing between them");
        problems.report(diagnostic.at(*other, "and here").at(*one, "here"));
    }
}

/// Whether it means one host, and the same one however often it is resolved at a time.
fn is_one_host(target: &Target) -> bool {
    matches!(
        target,
        Target::Broker(_) | Target::Leader(_) | Target::Follower(..) | Target::Controller | Target::Client(_)
    )
}

/// Reports an event that cannot happen at a host that the trigger names.
fn happens<T>(written: &Written<T>, trigger: &Trigger, clients: Clients, problems: &mut Problems) {
    let (Some(places), Happening::Event { event, .. }) = (&written.trigger, &trigger.what) else { return };
    for (target, span) in &places.targets {
        if *target == Target::Others {
            only_beside_a_side(*span, problems);
            continue;
        }
        let Some(role) = role(target, clients) else { continue };
        let possible = match event.site {
            Site::Brokers => role == Role::Broker,
            Site::Controller => role == Role::Controller,
            Site::Producers => matches!(role, Role::Producer | Role::Client),
            Site::Servers => matches!(role, Role::Broker | Role::Controller),
            Site::Hosts => true,
        };
        if !possible {
            let message = format!("`{}` never happens at `{target}`", event.name);
            let who = match role {
                Role::Broker => "this is a broker",
                Role::Controller => "this is the controller",
                Role::Producer => "this is a producer",
                Role::Consumer => "this is a consumer",
                Role::Client => "these are clients",
            };
            let diagnostic = Diagnostic::new(message).at(*span, who);
            problems.report(diagnostic.at(places.event, format!("this happens at {}", event.host)));
        }
    }
}

fn role(target: &Target, clients: Clients) -> Option<Role> {
    Some(match target {
        Target::Broker(_)
        | Target::Leader(_)
        | Target::Follower(..)
        | Target::Followers(_)
        | Target::Isr(_)
        | Target::AllBrokers
        | Target::Minority
        | Target::Random => Role::Broker,
        Target::Controller => Role::Controller,
        Target::Client(index) => {
            let index = usize::try_from(*index).ok()?;
            if index < clients.producers? { Role::Producer } else { Role::Consumer }
        }
        Target::Clients | Target::RandomClient => Role::Client,
        Target::Others => return None,
    })
}
