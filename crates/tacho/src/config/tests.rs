//! Who is believed about what.

mod files;
mod projects;

use super::Config;
use tacho_privacy::Disclosure;

/// All that a configuration says, a line for each thing, with these texts replaced.
fn lines(config: &Config, replaced: &[(&str, &str)]) -> Vec<String> {
    let mut lines = Vec::new();
    let labels = [("agent_name", &config.agent_name), ("team", &config.team)];
    for (name, said) in labels {
        lines.extend(said.as_ref().map(|said| format!("{name} {} by {}", said.value, said.origin)));
    }
    lines.push(format!("user_info {}", config.user_info.value.name()));
    let retention = &config.retention;
    lines.push(format!(
        "retention {} {} {}",
        retention.days.value, retention.spool_mib.value, retention.store_mib.value
    ));
    let propagation = [("commands", &config.propagation.commands), ("inbound", &config.propagation.inbound)];
    let wanted = propagation.into_iter().filter(|(_, said)| said.value);
    lines.extend(wanted.map(|(name, said)| format!("propagation.{name} by {}", said.origin)));
    lines.extend(config.local_only.as_ref().map(|origin| format!("local_only by {origin}")));
    let destinations = config.destinations.iter();
    lines.extend(destinations.map(|named| {
        let name = if config.disclosure_to(named) == Disclosure::Name { " with the name" } else { "" };
        format!("to {} {}{name} by {}", named.to.endpoint(), named.to.level.name(), named.origin)
    }));
    let refused = config.refused.iter();
    lines.extend(refused.map(|refused| format!("refused of {}: {}", refused.origin, refused.reason)));
    lines.extend(config.unread.iter().map(|unread| {
        let sending = if unread.may_forbid { "nothing is sent" } else { "others are sent to" };
        format!("unread, {sending}: {}", unread.reason)
    }));
    let replace = |line: String| replaced.iter().fold(line, |line, (from, to)| line.replace(from, to));
    lines.into_iter().map(replace).collect()
}
