//! What the recorder knows of each coding agent: payloads, transcripts, places.
