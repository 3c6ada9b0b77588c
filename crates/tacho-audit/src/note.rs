//! Signed notes and the keys they are signed with: C2SP signed-note, Ed25519 alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Length of a secret from which a key is made, and of a public key.
pub const KEY_BYTES: usize = 32;
/// The type of an Ed25519 signature.
const ED25519_TYPE: u8 = 1;
/// What a signature line begins with: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// A key by which signatures are checked; its text is a verifier key of C2SP.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// The name in signature lines.
    pub name: String,
    /// The Ed25519 public key.
    pub public: [u8; KEY_BYTES],
}

impl VerifierKey {
    /// The number that signature lines name it by.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = Sha256::new_with_prefix(&self.name).chain_update([b'\n', ED25519_TYPE]);
        let digest: [u8; 32] = hash.chain_update(self.public).finalize().into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    /// Whether the signature is by this key over the text.
    fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[ED25519_TYPE], self.public.as_slice()].concat();
        let id = u32::from_be_bytes(self.id());
        write!(formatter, "{}+{id:08x}+{}", self.name, STANDARD.encode(material))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text is no verifier key for Ed25519.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no Ed25519 verifier key (NAME+ID+KEY)")]
pub struct NoVerifierKey;

impl FromStr for VerifierKey {
    type Err = NoVerifierKey;

    fn from_str(text: &str) -> Result<Self, NoVerifierKey> {
        let (name, rest) = text.split_once('+').ok_or(NoVerifierKey)?;
        let (_, material) = rest.split_once('+').ok_or(NoVerifierKey)?;
        let material = STANDARD.decode(material).map_err(|_| NoVerifierKey)?;
        let public = material.strip_prefix(&[ED25519_TYPE]).ok_or(NoVerifierKey)?;
        let key = Self { name: name.to_owned(), public: public.try_into().map_err(|_| NoVerifierKey)? };
        // Also refuses a wrong id and every other spelling.
        if is_key_name(name) && key.to_string() == text { Ok(key) } else { Err(NoVerifierKey) }
    }
}

/// A key that signs. Made once and copied: making it takes as long as a signature.
#[derive(Clone)]
pub struct SigningKey {
    verifier: VerifierKey,
    pair: Arc<Ed25519KeyPair>,
}

impl SigningKey {
    /// The key of this name that this secret makes; `None` where the name may not stand in a signature line.
    #[must_use]
    pub fn new(name: &str, secret: &[u8; KEY_BYTES]) -> Option<Self> {
        let pair = Arc::new(Ed25519KeyPair::from_seed_unchecked(secret).ok()?);
        let public = pair.public_key().as_ref().try_into().ok()?;
        is_key_name(name).then(|| Self { verifier: VerifierKey { name: name.to_owned(), public }, pair })
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature line over a text.
    fn line(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let signed = [self.verifier.id().as_slice(), signature.as_ref()].concat();
        format!("{SIGNATURE_MARK}{} {}\n", self.verifier.name, STANDARD.encode(signed))
    }
}

/// Shows whose key it is and not the secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.verifier)
    }
}

/// Signs a text that ends in a line feed.
#[must_use]
pub fn sign(text: &str, keys: &[&SigningKey]) -> String {
    let lines: String = keys.iter().map(|key| key.line(text)).collect();
    format!("{text}\n{lines}")
}

/// A signed note, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// What is signed, its last line feed included.
    pub text: &'a str,
    signatures: Vec<Signature<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature<'a> {
    name: &'a str,
    key_id: [u8; 4],
    signature: Vec<u8>,
}

impl<'a> Note<'a> {
    /// Reads a note; `None` if it is none.
    #[must_use]
    pub fn parse(note: &'a str) -> Option<Self> {
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return None;
        }
        let (text, _) = note.rmatch_indices("\n\n").next().map(|(at, _)| note.split_at(at + 1))?;
        let lines = note.get(text.len() + 1..)?.strip_suffix('\n')?;
        let signatures = lines.split('\n').map(Signature::parse).collect::<Option<_>>()?;
        Some(Self { text, signatures })
    }

    /// Whether the key has signed it: with a right signature, and with no wrong one.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerifierKey) -> bool {
        let id = key.id();
        let by_it = |signature: &&Signature<'_>| signature.name == key.name && signature.key_id == id;
        let mut claimed = self.signatures.iter().filter(by_it).peekable();
        claimed.peek().is_some() && claimed.all(|claim| key.has_signed(self.text, &claim.signature))
    }
}

impl<'a> Signature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, signed) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let signed = STANDARD.decode(signed).ok()?;
        let (key_id, signature) = signed.split_first_chunk::<4>()?;
        let is_right = is_key_name(name) && !signature.is_empty();
        is_right.then(|| Self { name, key_id: *key_id, signature: signature.to_vec() })
    }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter == '+')
}
