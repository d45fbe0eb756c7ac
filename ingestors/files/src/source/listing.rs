//! S3's XML, as far as lists and errors need it: the texts of elements by their place.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 10;

/// Each element that holds a text, in order: `ListBucketResult/Contents/Key` and the text. None where it is not
/// well-formed, or ends early.
pub(crate) fn texts(body: &[u8]) -> Option<Vec<(String, String)>> {
    let mut reader = Reader::from_reader(body);
    reader.config_mut().expand_empty_elements = true;
    let (mut open, mut text, mut found) = (Vec::<String>::new(), String::new(), Vec::new());
    let (mut buffer, mut is_leaf) = (Vec::new(), false);
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(start) if open.len() < MAX_DEPTH => {
                open.push(String::from_utf8_lossy(start.local_name().as_ref()).into_owned());
                text.clear();
                is_leaf = true;
            }
            Event::Start(_) => return None,
            Event::End(_) => {
                if is_leaf {
                    found.push((open.join("/"), std::mem::take(&mut text)));
                }
                is_leaf = false;
                open.pop()?;
                if open.is_empty() {
                    return Some(found);
                }
            }
            Event::Text(read) => text.push_str(&read.xml10_content().ok()?),
            Event::CData(read) => text.push_str(&read.xml10_content().ok()?),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(letter) => text.push(letter),
                None => {
                    let name = String::from_utf8_lossy(reference.as_ref()).into_owned();
                    text.push_str(quick_xml::escape::resolve_predefined_entity(&name)?);
                }
            },
            Event::Eof => return None,
            _ => {}
        }
        buffer.clear();
    }
}

/// A page of `ListObjectsV2`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Objects {
    pub keys: Vec<String>,
    /// None where this is the last page.
    pub token: Option<String>,
}

/// Reads a page; none where it is none, or says that it is not the last without saying how to go on.
pub(crate) fn objects(body: &[u8]) -> Option<Objects> {
    let (mut objects, mut truncated) = (Objects::default(), None);
    for (place, text) in texts(body)? {
        match place.strip_prefix("ListBucketResult/")? {
            "Contents/Key" => objects.keys.push(text),
            "NextContinuationToken" => objects.token = Some(text).filter(|token| !token.is_empty()),
            "IsTruncated" => truncated = Some(text.trim() == "true"),
            _ => {}
        }
    }
    match truncated? {
        true if objects.token.is_none() => None,
        true => Some(objects),
        false => Some(Objects { token: None, ..objects }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_nothing_else_taken_for_one() {
        let list = |inner: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n<Name>b</Name><Prefix/>{inner}\n</ListBucketResult>"
            )
        };
        let entry = |key: &str| {
            format!("<Contents><Key>{key}</Key><Size>1</Size><Owner><ID>1</ID></Owner></Contents>")
        };
        let last = "<IsTruncated>false</IsTruncated>";
        let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t&#43;/=</NextContinuationToken>";
        let page = |keys: &[&str], token: Option<&str>| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            Some(Objects { keys, token: token.map(ToOwned::to_owned) })
        };
        for (body, expected) in [
            (list(&format!("{last}{}{}", entry("a&amp;b"), entry("c d"))), page(&["a&b", "c d"], None)),
            (list(&format!("{more}{}", entry("a"))), page(&["a"], Some("t+/="))),
            (list(last), page(&[], None)),
            (list("<IsTruncated>true</IsTruncated>"), None),
            (list(""), None),
            ("<Other><IsTruncated>false</IsTruncated></Other>".to_owned(), None),
            ("<!doctype html><title>It works.</title><p>".to_owned(), None),
            ("{}".to_owned(), None),
            (String::new(), None),
            (list(last).replace("</ListBucketResult>", ""), None),
        ] {
            assert_eq!(objects(body.as_bytes()), expected, "{body}");
        }
    }
}
