//! In what form a destination is sent to.

/// The transport of OTLP and the encoding in it (OTLP specification, "OTLP/HTTP" and "OTLP/gRPC").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Binary protobuf over HTTP.
    #[default]
    HttpProtobuf,
    /// JSON over HTTP.
    HttpJson,
    /// Binary protobuf over gRPC.
    Grpc,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 3] = [Self::HttpProtobuf, Self::HttpJson, Self::Grpc];

    /// The protocol with the name that `OTEL_EXPORTER_OTLP_PROTOCOL` gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
            Self::Grpc => "grpc",
        }
    }

    /// A protocol whose bodies have this media type.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.content_type() == content_type)
    }

    /// Media type of a body. That of gRPC says what its messages are, so that what waits for it can go over HTTP, too.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::HttpProtobuf | Self::Grpc => "application/x-protobuf",
            Self::HttpJson => "application/json",
        }
    }
}

/// Whether bodies are compressed on their way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// With gzip.
    #[default]
    Gzip,
    /// They are not.
    None,
}

impl Compression {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::None];

    /// The one with the name that `OTEL_EXPORTER_OTLP_COMPRESSION` gives it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::None => "none",
        }
    }
}
