//! Addresses of Terraform: as people write them, and as identifiers.

use serde_json::Value;

/// `["a key"]`, `[0]`, or nothing.
pub(super) fn index(key: &Value) -> String {
    match key {
        Value::Null => String::new(),
        Value::String(text) => format!("[{}]", Value::from(text.as_str())),
        other => format!("[{other}]"),
    }
}

/// An address without the keys of its modules, as dependencies have it: `module.a["x"].b.c` is `module.a.b.c`.
pub(super) fn without_keys(address: &str) -> String {
    let (mut plain, mut depth, mut quoted, mut escaped) = (String::new(), 0_usize, false, false);
    for c in address.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// An address with nothing in it that no identifier has: `aws_subnet.private["eu west"]` is
/// `aws_subnet.private:eu=20west`. No two addresses of a state become the same.
pub(super) fn as_identifier(address: &str) -> String {
    let mut identifier = String::with_capacity(address.len());
    let mut bytes = [0; 4];
    let (mut quoted, mut escaped) = (false, false);
    for c in address.chars() {
        match c {
            '[' if !quoted => identifier.push(':'),
            ']' if !quoted => {}
            '"' if !escaped => quoted = !quoted,
            '\\' if quoted && !escaped => {
                escaped = true;
                continue;
            }
            c if c.is_alphabetic() || c.is_ascii_digit() => identifier.push(c),
            '@' | '_' | '.' | '+' | '/' | '-' => identifier.push(c),
            c => {
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    identifier.push_str(&format!("={byte:02X}"));
                }
            }
        }
        escaped = false;
    }
    identifier
}

#[cfg(test)]
mod tests {
    use portolan_schema::Pointer;
    use portolan_schema::identifier::{Kind, check};
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_become_identifiers() {
        for (address, plain, identifier) in [
            ("aws_vpc.main", "aws_vpc.main", "aws_vpc.main"),
            ("module.net[0].aws_vpc.main[12]", "module.net.aws_vpc.main", "module.net:0.aws_vpc.main:12"),
            (r#"a.b["eu west/1"]"#, "a.b", "a.b:eu=20west/1"),
            (r#"module.m["x]\"[y"].a.b"#, "module.m.a.b", "module.m:x=5D=22=5By.a.b"),
            (r#"a.b["größe ½=:"]"#, "a.b", "a.b:größe=20=C2=BD=3D=3A"),
        ] {
            assert_eq!(without_keys(address), plain, "{address}");
            assert_eq!(as_identifier(address), identifier, "{address}");
            check(Kind::Entity, &as_identifier(address), &Pointer::root()).expect("it is an identifier");
        }
        for (key, expected) in [(json!(null), ""), (json!(3), "[3]"), (json!("a\"b"), r#"["a\"b"]"#)] {
            assert_eq!(index(&key), expected);
        }
    }
}
