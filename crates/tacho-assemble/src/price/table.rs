//! The list of prices, and the names by which its models are known.
//! Generated from prices/ by `cargo xtask codegen`; do not edit.

use super::row::Row;
use std::ops::Range;
use tacho_model::time::Day;

/// When it was last compared with its sources, and a checksum of what it says.
pub(super) const VERSION: &str = "2026-11-28.57944672";

/// Every name of a model, in order, and the places of its rows.
pub(super) static NAMES: &[(&str, Range<usize>)] = &[
    ("claude-3-5-haiku", 0..1),
    ("claude-3-5-haiku-latest", 0..1),
    ("claude-3-5-sonnet", 1..2),
    ("claude-3-5-sonnet-latest", 1..2),
    ("claude-3-7-sonnet", 2..3),
    ("claude-3-7-sonnet-latest", 2..3),
    ("claude-3-haiku", 3..4),
    ("claude-3-opus", 4..5),
    ("claude-3-opus-latest", 4..5),
    ("claude-3-sonnet", 5..6),
    ("claude-4-opus", 11..12),
    ("claude-4-sonnet", 20..21),
    ("claude-fable-5", 6..7),
    ("claude-fable-5-1", 7..8),
    ("claude-fable-5-2", 8..9),
    ("claude-haiku-4-5", 9..10),
    ("claude-haiku-5-5", 10..11),
    ("claude-mythos-5", 6..7),
    ("claude-mythos-5-1", 7..8),
    ("claude-mythos-5-2", 8..9),
    ("claude-opus-4", 11..12),
    ("claude-opus-4-0", 11..12),
    ("claude-opus-4-1", 12..13),
    ("claude-opus-4-5", 13..14),
    ("claude-opus-4-6", 14..16),
    ("claude-opus-4-7", 16..17),
    ("claude-opus-4-8", 17..18),
    ("claude-opus-5", 18..19),
    ("claude-opus-5-5", 19..20),
    ("claude-sonnet-4", 20..21),
    ("claude-sonnet-4-0", 20..21),
    ("claude-sonnet-4-5", 21..22),
    ("claude-sonnet-4-6", 22..24),
    ("claude-sonnet-5", 24..25),
    ("claude-sonnet-5-5", 25..27),
];

/// The rows, in order of model and first day.
pub(super) static ROWS: &[Row] = &[
    Row::new(
        "claude-3-5-haiku",
        None,
        None,
        [800_000, 4_000_000, 80_000, 1_000_000, 1_600_000],
        10_000_000_000,
        "page, cli, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-3-5-sonnet",
        None,
        None,
        [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
        10_000_000_000,
        "cli, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-3-7-sonnet",
        None,
        None,
        [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
        10_000_000_000,
        "cli, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-3-haiku",
        None,
        None,
        [250_000, 1_250_000, 30_000, 300_000, 500_000],
        10_000_000_000,
        "genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-3-opus",
        None,
        None,
        [15_000_000, 75_000_000, 1_500_000, 18_750_000, 30_000_000],
        10_000_000_000,
        "page, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-3-sonnet",
        None,
        None,
        [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
        10_000_000_000,
        "genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-fable-5",
        Some(Day::on(2026, 6, 9)),
        None,
        [10_000_000, 50_000_000, 1_000_000, 12_500_000, 20_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-fable-5-1",
        Some(Day::on(2026, 9, 1)),
        None,
        [10_000_000, 50_000_000, 250_000, 12_500_000, 20_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-fable-5-2",
        Some(Day::on(2026, 11, 9)),
        None,
        [8_000_000, 40_000_000, 200_000, 10_000_000, 16_000_000],
        10_000_000_000,
        "cli, genai, notes",
        Day::on(2026, 11, 28),
    )
    .fast([16_000_000, 80_000_000, 400_000, 20_000_000, 32_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-haiku-4-5",
        None,
        None,
        [1_000_000, 5_000_000, 100_000, 1_250_000, 2_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-haiku-5-5",
        Some(Day::on(2026, 10, 7)),
        None,
        [100_000, 500_000, 10_000, 125_000, 200_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .over(100_000, [500_000, 2_500_000, 50_000, 625_000, 1_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-opus-4",
        None,
        None,
        [15_000_000, 75_000_000, 1_500_000, 18_750_000, 30_000_000],
        10_000_000_000,
        "page, cli, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-opus-4-1",
        None,
        None,
        [15_000_000, 75_000_000, 1_500_000, 18_750_000, 30_000_000],
        10_000_000_000,
        "page, cli, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-opus-4-5",
        None,
        None,
        [5_000_000, 25_000_000, 500_000, 6_250_000, 10_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-opus-4-6",
        None,
        None,
        [5_000_000, 25_000_000, 500_000, 6_250_000, 10_000_000],
        10_000_000_000,
        "page, genai",
        Day::on(2026, 11, 28),
    )
    .over(200_000, [10_000_000, 37_500_000, 1_000_000, 12_500_000, 20_000_000])
    .fast([30_000_000, 150_000_000, 3_000_000, 37_500_000, 60_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-opus-4-6",
        Some(Day::on(2026, 3, 13)),
        None,
        [5_000_000, 25_000_000, 500_000, 6_250_000, 10_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .fast([30_000_000, 150_000_000, 3_000_000, 37_500_000, 60_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-opus-4-7",
        None,
        None,
        [5_000_000, 25_000_000, 500_000, 6_250_000, 10_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .fast([30_000_000, 150_000_000, 3_000_000, 37_500_000, 60_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-opus-4-8",
        None,
        None,
        [5_000_000, 25_000_000, 500_000, 6_250_000, 10_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .fast([10_000_000, 50_000_000, 1_000_000, 12_500_000, 20_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-opus-5",
        None,
        None,
        [5_000_000, 25_000_000, 500_000, 6_250_000, 10_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .fast([10_000_000, 50_000_000, 1_000_000, 12_500_000, 20_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-opus-5-5",
        None,
        None,
        [4_000_000, 20_000_000, 200_000, 5_000_000, 8_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .fast([8_000_000, 40_000_000, 400_000, 10_000_000, 16_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-sonnet-4",
        None,
        None,
        [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
        10_000_000_000,
        "page, cli, genai",
        Day::on(2026, 11, 28),
    )
    .over(200_000, [6_000_000, 22_500_000, 600_000, 7_500_000, 12_000_000])
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-sonnet-4-5",
        None,
        None,
        [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .over(200_000, [6_000_000, 22_500_000, 600_000, 7_500_000, 12_000_000])
    .factors(1_000_000, 500_000),
    Row::new(
        "claude-sonnet-4-6",
        None,
        None,
        [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
        10_000_000_000,
        "page, genai",
        Day::on(2026, 11, 28),
    )
    .over(200_000, [6_000_000, 22_500_000, 600_000, 7_500_000, 12_000_000])
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-sonnet-4-6",
        Some(Day::on(2026, 3, 13)),
        None,
        [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-sonnet-5",
        Some(Day::on(2026, 6, 30)),
        None,
        [2_000_000, 10_000_000, 200_000, 2_500_000, 4_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-sonnet-5-5",
        None,
        None,
        [2_000_000, 10_000_000, 200_000, 2_500_000, 4_000_000],
        10_000_000_000,
        "page, notes",
        Day::on(2026, 11, 28),
    )
    .factors(1_100_000, 500_000),
    Row::new(
        "claude-sonnet-5-5",
        Some(Day::on(2026, 10, 7)),
        None,
        [2_000_000, 10_000_000, 100_000, 2_500_000, 4_000_000],
        10_000_000_000,
        "page, cli, litellm, genai",
        Day::on(2026, 11, 28),
    )
    .factors(1_100_000, 500_000),
];
