//! Tokens, as several statements about one call say them.

use crate::usage::Usage;

fn written(cache_write_5m: Option<u64>, cache_write_1h: Option<u64>) -> Usage {
    Usage { cache_write_5m, cache_write_1h, ..Usage::default() }
}

/// The larger count of each class; but a sum says nothing beside its parts, whatever the order.
#[test]
fn a_sum_says_nothing_beside_its_parts() {
    let (sum, parts) = (written(Some(100), None), written(Some(0), Some(100)));
    for (said, known) in [
        (vec![sum, parts], parts),
        (vec![parts, sum, sum], parts),
        (vec![sum, written(Some(90), None)], sum),
        (vec![parts, written(Some(7), Some(90))], written(Some(7), Some(100))),
        (vec![sum, Usage::default()], sum),
    ] {
        let merged = |usages: &[Usage]| usages.iter().copied().fold(Usage::default(), Usage::merged);
        let turned: Vec<Usage> = said.iter().rev().copied().collect();
        assert_eq!((merged(&said), merged(&turned)), (known, known), "{said:?}");
    }
}
