//! What opens the commitments of a session: one secret, from which the nonce of each commitment follows, and the summaries of
//! what the model thought. It is content, lies beside the content, and goes with it; the log stays as it is.

use super::{AuditPlace, stem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Extension of a file that is being written.
const FRESH: &str = "fresh";
/// Characters of a summary of what the model thought, at most.
const REASONING_CHARACTERS_MAX: usize = 500;

/// What opens the commitments of one session.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    path: PathBuf,
    /// `None` where it was given up.
    secret: Option<[u8; 32]>,
}

/// What the model thought before it decided something, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reasoning {
    /// What the decision is about.
    pub(crate) about: String,
    /// The beginning of it.
    pub(crate) reasoning: String,
}

impl Opening {
    /// That of a session, made if it was never there.
    pub(crate) fn of(place: &AuditPlace, session: &str) -> io::Result<Self> {
        let path = place.openings().join(stem(session));
        match Self::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::make(path),
            read => read,
        }
    }

    /// That of a session, if it is there.
    pub(crate) fn existing(place: &AuditPlace, session: &str) -> Option<Self> {
        Self::read(&place.openings().join(stem(session))).ok()
    }

    fn read(path: &PathBuf) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let first = text.lines().next().unwrap_or_default();
        let secret = STANDARD.decode(first).ok().and_then(|secret| secret.try_into().ok());
        Ok(Self { path: path.clone(), secret })
    }

    fn make(path: PathBuf) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut secret = [0; 32];
        File::open("/dev/urandom")?.read_exact(&mut secret)?;
        write_whole(&path, &format!("{}\n", STANDARD.encode(secret)))?;
        Ok(Self { path, secret: Some(secret) })
    }

    /// The nonce of a commitment; `None` where it was given up.
    fn nonce(&self, about: &str, field: &str) -> Option<[u8; 32]> {
        // HMAC takes keys of every length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_ref()?).ok()?;
        mac.update(about.as_bytes());
        mac.update(b"\n");
        mac.update(field.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }

    /// The same, as a text.
    pub(crate) fn nonce_text(&self, about: &str, field: &str) -> Option<String> {
        self.nonce(about, field).map(|nonce| STANDARD.encode(nonce))
    }

    /// The commitment to what a field of a decision is about.
    pub(crate) fn commit(&self, about: &str, field: &str, content: &str) -> Option<String> {
        let nonce = self.nonce(about, field)?;
        let digest = Sha256::new_with_prefix(nonce).chain_update(content.as_bytes()).finalize();
        Some(STANDARD.encode(digest))
    }

    /// Whether it was given up.
    pub(crate) const fn is_given_up(&self) -> bool {
        self.secret.is_none()
    }

    /// Keeps summaries of what the model thought.
    pub(crate) fn keep(&self, summaries: &[Reasoning]) -> io::Result<()> {
        let lines = summaries.iter().filter_map(|summary| serde_json::to_string(summary).ok());
        let text: String = lines.map(|line| line + "\n").collect();
        OpenOptions::new().append(true).open(&self.path)?.write_all(text.as_bytes())
    }

    /// The summary that was kept about a decision.
    pub(crate) fn reasoning(&self, about: &str) -> Option<String> {
        let text = fs::read_to_string(&self.path).ok()?;
        let kept = text.lines().skip(1).filter_map(|line| serde_json::from_str::<Reasoning>(line).ok());
        kept.filter(|kept| kept.about == about).last().map(|kept| kept.reasoning)
    }

    /// Lets the summaries of a session go, as what else it said goes by its age. What opens commitments stays, for content that
    /// somebody else has.
    pub(crate) fn forget_summaries(place: &AuditPlace, session: &str) -> io::Result<()> {
        let path = place.openings().join(stem(session));
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            read => read?,
        };
        match text.split_once('\n') {
            Some((secret, summaries)) if !summaries.is_empty() => write_whole(&path, &format!("{secret}\n")),
            _ => Ok(()),
        }
    }

    /// Gives it up: what it opened can be opened by nobody any more.
    pub(crate) fn give_up(place: &AuditPlace, session: &str) -> io::Result<()> {
        let path = place.openings().join(stem(session));
        // Whoever wrote it last may have died before it had its name.
        match fs::remove_file(path.with_extension(FRESH)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // What lies there instead says that it is not to be made anew.
        fs::create_dir_all(place.openings())?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(b"given up\n")?;
        file.sync_all()
    }
}

/// Writes a file that has its name once it is whole: a part of a secret would be taken for one that was given up.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let fresh = path.with_extension(FRESH);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// Whether a session was forgotten: nothing that its agent still has of it is kept once more.
pub(crate) fn is_forgotten(state: &Path, session: &str) -> bool {
    Opening::existing(&AuditPlace::below(state), session).is_some_and(|opening| opening.is_given_up())
}

/// The beginning of what the model thought.
pub(crate) fn summary(thoughts: &str) -> String {
    thoughts.chars().take(REASONING_CHARACTERS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_what_is_given_up() {
        let state = tempfile::tempdir().unwrap();
        let place = AuditPlace::below(state.path());
        Opening::of(&place, "session").unwrap();
        let path = place.openings().join("session");
        fs::copy(&path, path.with_extension(FRESH)).unwrap();
        Opening::give_up(&place, "session").unwrap();
        assert!(Opening::of(&place, "session").unwrap().is_given_up());
        assert_eq!(fs::read_dir(place.openings()).unwrap().count(), 1);
    }
}
