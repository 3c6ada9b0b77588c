//! What exporting takes, as a page.

use super::super::export::{Measured, Pair, Taken};
use super::super::quartiles::Quartiles;
use super::{Bar, KIB, bar_row, kernel, processors};

/// How many times as much one of the SDK takes, by the middle ones.
fn times(pair: &Pair, figure: fn(&Taken) -> Quartiles) -> f64 {
    figure(&pair.sdk).p50 / figure(&pair.ours).p50
}

pub(in super::super) fn export(measured: &Measured) -> String {
    let Measured { spans, plain, gzip } = measured;
    let [wall, processor]: [fn(&Taken) -> Quartiles; 2] = [|taken| taken.wall_ns, |taken| taken.processor_ns];
    let growth = [plain, gzip].map(|pair| pair.ours.peak_kib as f64 / pair.ours.early_peak_kib as f64);
    let bar = |what, limit, pair, figure| Bar::at_least(what, "", limit, times(pair, figure));
    let bars = [
        bar("uncompressed spans a second of one processor / the SDK's", 3.0, plain, processor),
        bar("gzipped spans a second of one processor / the SDK's", 1.5, gzip, processor),
        bar("uncompressed spans a second by the clock / the SDK's", 3.0, plain, wall),
        bar("gzipped spans a second by the clock / the SDK's", 1.5, gzip, wall),
        Bar::at_most("peak memory / peak after a tenth of the spans", "", 1.1, growth[0].max(growth[1])),
    ];
    let rows = [
        ("Tachograph", "none", &plain.ours),
        ("OpenTelemetry SDK", "none", &plain.sdk),
        ("Tachograph", "gzip", &gzip.ours),
        ("OpenTelemetry SDK", "gzip", &gzip.sdk),
    ];
    format!(
        "\
{spans} spans of recorded sessions, cleared as they are by default, in {} turns of both exporters; {} processors, Linux {}. Medians \
of the turns; in brackets the middle half.

| Exporter | Compression | Spans a second | Processor for a span | Peak memory | Requests | MB |
|---|---|---|---|---|---|---|
{}
| Export | Bar | Measured | Met |
|---|---|---|---|
{}",
        plain.ours.turns,
        processors(),
        kernel(),
        rows.map(|(exporter, compression, taken)| row(exporter, compression, taken)).concat(),
        bars.iter().map(bar_row).collect::<String>(),
    )
}

fn row(exporter: &str, compression: &str, taken: &Taken) -> String {
    let (wall, processor) = (taken.wall_ns, taken.processor_ns);
    let a_second = |ns: f64| 1e9 / ns;
    format!(
        "| {exporter} | {compression} | {:.0} ({:.0} to {:.0}) | {:.2} µs ({:.2} to {:.2}) | {:.1} MiB | {} | {} |\n",
        a_second(wall.p50),
        a_second(wall.p75),
        a_second(wall.p25),
        processor.p50 / 1e3,
        processor.p25 / 1e3,
        processor.p75 / 1e3,
        taken.peak_kib as f64 / KIB,
        taken.received.requests,
        taken.received.wire_bytes / 1_000_000,
    )
}
