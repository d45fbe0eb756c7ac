//! Verdicts as lines of NDJSON (api.md 4).

use portolan_catalog::stream::{Summary, Verdict};
use serde_json::{Value, json};

/// Appends the line, with its end.
pub(super) fn write_line(verdict: &Verdict, out: &mut Vec<u8>) {
    out.extend_from_slice(value(verdict).to_string().as_bytes());
    out.push(b'\n');
}

fn value(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::ResumeFrom(line) => json!({"resumeFrom": line}),
        Verdict::Committed(line) => json!({"committed": line}),
        Verdict::Failed { line, problems } => json!({"line": line, "errors": problems}),
        Verdict::Aborted { line, problems } => json!({"aborted": true, "line": line, "errors": problems}),
        Verdict::Done(Summary { lines, counts, pending }) => json!({
            "done": true,
            "lines": lines,
            "created": counts.created,
            "updated": counts.updated,
            "unchanged": counts.unchanged,
            "deleted": counts.deleted,
            "failed": counts.failed,
            "pending": pending.listed,
            "pendingCount": pending.count,
        }),
    }
}
