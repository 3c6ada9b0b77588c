//! A model's id without what agents and providers put around it.
//!
//! Must not guess: what is left is looked up as it is, so that an unknown release is never taken for its family.

/// Regions whose name a provider puts before an id.
const REGIONS: &[&str] = &["us", "eu", "apac", "au", "jp", "global"];

/// What stands between a region and the id.
const VENDOR: &str = "anthropic.";

/// The id without a context window in brackets, a provider's prefix, version and date, and a snapshot's date.
pub(super) fn bare(id: &str) -> &str {
    let id = id.strip_suffix("[1m]").unwrap_or(id);
    let id = without_prefix(id);
    let id = id.split_once('@').map_or(id, |(before, _)| before);
    without_date(without_version(id))
}

fn without_prefix(id: &str) -> &str {
    let in_region = id.split_once('.').filter(|(region, _)| REGIONS.contains(region));
    let id_of_vendor = in_region.map_or(id, |(_, after)| after);
    id_of_vendor.strip_prefix(VENDOR).unwrap_or(id)
}

/// Without `-v1:0` or `-v1`.
fn without_version(id: &str) -> &str {
    let Some((before, version)) = id.rsplit_once("-v") else { return id };
    let (major, minor) = version.split_once(':').unwrap_or((version, "0"));
    if is_number(major) && is_number(minor) { before } else { id }
}

/// Without `-20251001`.
fn without_date(id: &str) -> &str {
    match id.rsplit_once('-') {
        Some((before, date)) if date.len() == 8 && is_number(date) => before,
        _ => id,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
