//! Rules about who may know what: agents, attribute names, the environment, the clock, SQL.

use super::source::Source;
use crate::finding::Finding;

/// Crates whose business is the agent.
const AGENT_CRATES: &[&str] = &["tacho-agents"];

/// Crates that read the agent's environment variables, which carry its name.
const ENVIRONMENT_CRATES: &[&str] = &["tacho", "tacho-hook", "tacho-spool"];

/// Files that name the agent, and why.
const AGENT_NAME_EXCEPTIONS: &[(&str, &str)] = &[
    ("crates/tacho-model/src/semconv.rs", "generated from the registry of names"),
    ("crates/tacho-model/src/metrics.rs", "generated from the registry of names"),
    ("crates/tacho/src/commands/alerts/rules.rs", "names of the rules in alerts/"),
    (
        "crates/tacho-assemble/src/price/table.rs",
        "generated from the list of prices, whose models are called so",
    ),
];

/// What is generated from the registry of names.
const REGISTRY_NAMES: &[&str] = &["crates/tacho-model/src/semconv.rs", "crates/tacho-model/src/metrics.rs"];

const OWN_PREFIXES: &[&str] = &["gen_ai.", "claude_code.", "tachograph."];
const ENVIRONMENT: &[&str] = &["env::var", "home_dir"];
const MAY_READ_ENVIRONMENT: &[&str] = &["tacho", "tacho-hook"];
const CLOCK: &[&str] = &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "clock_gettime"];
const MAY_READ_CLOCK: &[&str] = &["tacho", "tacho-hook", "tacho-store", "tacho-spool", "tacho-export"];
const SQL: &[&str] = &["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM", "CREATE TABLE", "PRAGMA "];
const MAY_SPEAK_SQL: &[&str] = &["tacho-store"];

pub(super) fn agent_names(source: &Source) -> Vec<Finding> {
    let crate_name = source.crate_name();
    let excepted = AGENT_NAME_EXCEPTIONS.iter().any(|(path, _)| *path == source.path);
    if excepted || AGENT_CRATES.contains(&crate_name) {
        return Vec::new();
    }
    let reads_environment = ENVIRONMENT_CRATES.contains(&crate_name);
    let named = source.product_text().filter(|(_, line)| names_agent(line, reads_environment));
    named
        .map(|(line, _)| Finding::at(&source.path, line, "names an agent; move it to tacho-agents"))
        .collect()
}

fn names_agent(line: &str, reads_environment: bool) -> bool {
    let words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let mut names = words.filter(|word| word.to_ascii_lowercase().contains("claude"));
    names.any(|word| {
        let is_attribute = word.starts_with("CLAUDE_CODE_");
        let is_variable = reads_environment && word.starts_with("CLAUDE_");
        !is_attribute && !is_variable
    })
}

pub(super) fn attribute_names(source: &Source) -> Vec<Finding> {
    if REGISTRY_NAMES.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let keys =
        source.product_literals().filter(|(_, text)| OWN_PREFIXES.iter().any(|own| text.starts_with(own)));
    let advice = |text: &str| format!("`{text}` is a name of the registry; use its constant in tacho_model");
    keys.map(|(line, text)| Finding::at(&source.path, line, advice(text))).collect()
}

pub(super) fn environment(source: &Source) -> Vec<Finding> {
    outside(MAY_READ_ENVIRONMENT, source, source.product_code(), ENVIRONMENT)
}

pub(super) fn clock(source: &Source) -> Vec<Finding> {
    outside(MAY_READ_CLOCK, source, source.product_code(), CLOCK)
}

pub(super) fn sql(source: &Source) -> Vec<Finding> {
    outside(MAY_SPEAK_SQL, source, source.product_literals(), SQL)
}

/// The lines of a crate that is not allowed a thing and has it all the same.
fn outside<'a>(
    allowed: &[&str],
    source: &Source,
    lines: impl Iterator<Item = (usize, &'a str)>,
    patterns: &[&str],
) -> Vec<Finding> {
    if allowed.contains(&source.crate_name()) {
        return Vec::new();
    }
    let found =
        lines.filter_map(|(line, text)| Some((line, patterns.iter().find(|one| text.contains(**one))?)));
    let advice = |pattern: &str| format!("`{}` may stand only in {}", pattern.trim_end(), allowed.join(", "));
    found.map(|(line, pattern)| Finding::at(&source.path, line, advice(pattern))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: fn(&Source) -> Vec<Finding>, crate_name: &str, text: &str, expected: &[usize]) {
        let source = Source::new(&format!("crates/{crate_name}/src/lib.rs"), text);
        let lines: Vec<_> = rule(&source).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, expected, "{text}");
    }

    #[test]
    fn an_agent_is_named_only_where_agents_live() {
        check(agent_names, "tacho-export", "//! x\n// Claude says\nlet x = claude_code::decode;", &[2, 3]);
        check(agent_names, "tacho-agents", "let x = \"claude\";", &[]);
        check(agent_names, "tacho-export", "semconv::CLAUDE_CODE_SPEED;", &[]);
        check(agent_names, "tacho-hook", "let x = b\"CLAUDE_PID\";", &[]);
        check(agent_names, "tacho-store", "let x = b\"CLAUDE_PID\";", &[1]);
    }

    #[test]
    fn an_attribute_is_named_only_in_the_table() {
        check(
            attribute_names,
            "tacho-assemble",
            "a(\n\"gen_ai.system\", \"tachograph.x\", \"other.x\")",
            &[2, 2],
        );
        check(attribute_names, "tacho-assemble", "#[cfg(test)]\nmod tests { a(\"gen_ai.system\") }", &[]);
    }

    #[test]
    fn only_programs_read_the_environment_and_the_clock() {
        check(environment, "tacho-agents", "std::env::var_os(x);\nhome_dir();\n// env::var", &[1, 2]);
        check(environment, "tacho-hook", "std::env::var_os(x);", &[]);
        check(clock, "tacho-assemble", "SystemTime::now();", &[1]);
        check(clock, "tacho-store", "SystemTime::now();", &[]);
    }

    #[test]
    fn only_the_store_speaks_sql() {
        check(sql, "tacho", "query(\"SELECT 1\")", &[1]);
        check(sql, "tacho", "// SELECT 1", &[]);
        check(sql, "tacho-store", "query(\"SELECT 1\")", &[]);
    }
}
