//! A hash over all lines so far, by which a stream that goes on is known to be the one that was begun.

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Chain(pub [u8; 32]);

impl Chain {
    pub(super) fn add(&mut self, line: &[u8]) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(line);
        self.0 = *hasher.finalize().as_bytes();
    }
}
