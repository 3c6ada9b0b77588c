//! Token counts as six columns of a row: input, output, cache_read, cache_write_5m, cache_write_1h, thinking.

use rusqlite::Row;
use tacho_model::usage::Usage;

/// What is written into the columns.
pub(crate) fn columns(usage: Usage) -> [Option<i64>; 6] {
    let Usage { input, output, cache_read, cache_write_5m, cache_write_1h, thinking } = usage;
    [input, output, cache_read, cache_write_5m, cache_write_1h, thinking]
        .map(|count| count.map(u64::cast_signed))
}

/// What the columns from `first` on hold.
pub(crate) fn usage_at(row: &Row<'_>, first: usize) -> rusqlite::Result<Usage> {
    let count =
        |place| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(first + place)?.map(i64::cast_unsigned));
    Ok(Usage {
        input: count(0)?,
        output: count(1)?,
        cache_read: count(2)?,
        cache_write_5m: count(3)?,
        cache_write_1h: count(4)?,
        thinking: count(5)?,
    })
}
