//! The portal's files, compressed when they were built.

/// A file that is part of the program.
pub struct File {
    /// Path of its address, from `/`.
    pub address: &'static str,
    /// In quotes; another one for another content.
    pub etag: &'static str,
    pub plain: &'static [u8],
    pub brotli: Option<&'static [u8]>,
    pub gzip: Option<&'static [u8]>,
}

impl File {
    /// The smallest form that `Accept-Encoding` allows, with the name of its encoding.
    pub fn best(&self, accepted: &str) -> (Option<&'static str>, &'static [u8]) {
        [("br", self.brotli), ("gzip", self.gzip)]
            .into_iter()
            .find_map(|(name, bytes)| {
                bytes.filter(|_| accepts(accepted, name)).map(|bytes| (Some(name), bytes))
            })
            .unwrap_or((None, self.plain))
    }
}

/// Whether a list such as `gzip, br;q=0.5` has the encoding, and not with the weight 0.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(encoding) && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// The media type of a file by its ending.
pub fn content_type(address: &str) -> &'static str {
    match address.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
