//! The page shows the files of this directory, and the ingestor stays small.

const PAGE: &str = include_str!("../../../../docs/adding-an-ingestor.md");

/// What stands between the fences below a mark.
fn block(name: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("<!-- {name} -->\n```")).unwrap_or_else(|| panic!("no {name}"));
    let (_, rest) = rest.split_once('\n').unwrap();
    rest.split_once("\n```").unwrap().0
}

#[test]
fn the_page_shows_what_is_compiled_here() {
    for (name, file) in [
        ("inventory.rs", include_str!("inventory.rs")),
        ("inventory.yaml", include_str!("inventory.yaml")),
        ("peer.rs", include_str!("peer.rs")),
        ("main.rs", include_str!("main.rs")),
    ] {
        assert!(
            block(name) == file.trim_end(),
            "docs/adding-an-ingestor.md is stale; {name} should be:\n{file}"
        );
    }
}

#[test]
fn the_ingestor_has_fewer_than_150_lines() {
    let lines = include_str!("inventory.rs").lines().count();
    assert!((50..150).contains(&lines), "{lines} lines");
    let said = format!("{lines} lines");
    assert!(PAGE.contains(&said), "the page does not say \"{said}\"");
}
