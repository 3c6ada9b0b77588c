//! What a board consists of. Boards are tables of panels; `grafana` makes them JSON, and a test runs what they ask.

/// A board, with one job.
pub(crate) struct Board {
    /// The end of its address, and the name of its file.
    pub(crate) uid: &'static str,
    pub(crate) title: &'static str,
    pub(crate) brief: &'static str,
    /// What a person enters, beside the choices that every board has.
    pub(crate) inputs: &'static [Input],
    pub(crate) sections: &'static [Section],
}

/// A text that a person enters above the board.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
}

/// Panels under one heading.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) panels: &'static [Panel],
}

/// One question and its answer.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    /// One line for those who do not know what they see.
    pub(crate) brief: &'static str,
    pub(crate) form: Form,
    pub(crate) unit: Unit,
    pub(crate) queries: &'static [Query],
}

/// What is asked, and what its answer is called; `$of` in a selector stands for what was chosen above the board.
pub(crate) type Query = (&'static str, &'static str);

/// How the answer is drawn, which also says in what language it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A number (PromQL).
    Number,
    /// Lines over time (PromQL).
    Lines,
    /// Bars over time, one upon the other (PromQL).
    Stack,
    /// One bar for each, the longest first (PromQL).
    Ranking,
    /// A row for each (PromQL).
    Table,
    /// Spans, a row for each (TraceQL).
    Spans,
    /// One trace as a waterfall (TraceQL).
    Trace,
    /// Log records (LogQL).
    Records,
    /// Bars over time of what log records say, one upon the other (LogQL).
    Tally,
    /// Alerts that fire.
    Alerts,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Prometheus,
    Tempo,
    Loki,
    Grafana,
}

impl Form {
    pub(crate) const fn source(self) -> Source {
        match self {
            Self::Number | Self::Lines | Self::Stack | Self::Ranking | Self::Table => Source::Prometheus,
            Self::Spans | Self::Trace => Source::Tempo,
            Self::Records | Self::Tally => Source::Loki,
            Self::Alerts => Source::Grafana,
        }
    }

    /// Columns of the 24 that there are, and rows.
    pub(super) const fn size(self) -> (u32, u32) {
        match self {
            Self::Number => (4, 4),
            Self::Lines | Self::Stack | Self::Ranking | Self::Table | Self::Tally | Self::Alerts => (12, 8),
            Self::Spans | Self::Records => (24, 9),
            Self::Trace => (24, 16),
        }
    }
}

/// In what the answer is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Usd,
    Share,
    Milliseconds,
    Seconds,
    Bytes,
}

impl Unit {
    /// Its name in Grafana.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Count => "short",
            Self::Usd => "currencyUSD",
            Self::Share => "percentunit",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Bytes => "bytes",
        }
    }
}
