//! What a plugin adds to an agent's work, as a page.

use std::time::Duration;

use super::super::agent::{CALLS, Measured, Round, milliseconds};
use super::super::quartiles::Quartiles;
use super::{Bar, bar_row, kernel, processors};

pub(crate) fn agent(measured: &Measured) -> String {
    let rounds = || measured.rounds.iter();
    let idle = Quartiles::of(rounds().map(Round::added_by_idle));
    let recording = Quartiles::of(rounds().map(Round::added_by_recording));
    let measuring = Quartiles::of(rounds().map(Round::added_by_measuring));
    let module = Quartiles::of(rounds().map(Round::added_by_module));
    let each = Quartiles::of(rounds().map(|round| round.added_by_recording() / round.added_by_idle()));
    let bar = Bar::at_most("added by our hooks / added by `true`", "", 1.15, recording.p50 / idle.p50);
    let row = |session: &str, wall: fn(&Round) -> Duration, added: Option<Quartiles>| {
        let wall = Quartiles::of(rounds().map(|round| milliseconds(wall(round))));
        let per_hook = added.map(|added| format!("{:.2} ms", added.p50 / measured.hooks as f64));
        let [added, per_hook] = [added.map(shown), per_hook].map(|text| text.unwrap_or_default());
        format!("| {session} | {} | {added} | {per_hook} |\n", shown(wall))
    };
    format!(
        "\
{} rounds of four sessions in turn, each one process of Claude Code {} that makes {CALLS} tool calls, one in each \
answer of a scripted API that answers at once. With a plugin {} hooks run before the session ends. All plugins \
register the same hooks; ours has its drainer and a receiver on the same {} processors, Linux {}. Added is what a \
session takes longer than the one without a plugin in the same round. Medians; in brackets the middle half.

| Session | Wall time | Added | Added for each hook |
|---|---|---|---|
{}{}{}{}
| Agent | Bar | Measured | Met |
|---|---|---|---|
{}
In single rounds, what our hooks add / what `true` adds is {:.2} ({:.2} to {:.2}), and what our module adds to the \
middle one of the tool calls is {:.1} ms ({:.1} to {:.1}); what else it adds is to the beginning and the end of a session. It \
is off by default, because that is not surely below 5 ms.
",
        measured.rounds.len(),
        measured.version,
        measured.hooks,
        processors(),
        kernel(),
        row("no plugin", |round| round.bare, None),
        row("hooks run `/bin/true`", |round| round.idle, Some(idle)),
        row("Tachograph's hooks", |round| round.recording, Some(recording)),
        row("Tachograph's hooks and module", |round| round.measuring, Some(measuring)),
        bar_row(&bar),
        each.p50,
        each.p25,
        each.p75,
        module.p50,
        module.p25,
        module.p75,
    )
}

fn shown(milliseconds: Quartiles) -> String {
    let Quartiles { p25, p50, p75 } = milliseconds;
    format!("{p50:.0} ms ({p25:.0} to {p75:.0})")
}
