//! The worker's side: limits on itself, then one frame after the other until its input ends.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::process::ExitCode;

use portolan_schema::mapping::{CompiledResource, Expression, Jq, JqProblem, ResourceMapping};
use portolan_schema::{Pointer, Problems};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::Value;

use super::engine::Engine;
use super::frame::{Answer, MAX_FRAME, Request};

/// Address space of a worker, in bytes.
const MEMORY: u64 = 1 << 30;
/// Stack of the thread that evaluates, in bytes: deep but honest expressions need some.
const STACK: usize = 64 << 20;
/// Compiled resources that a worker keeps.
const KEPT: usize = 64;

/// Serves frames on standard input until it ends. For `portolan jq-worker`, which people do not call.
pub fn worker_main() -> ExitCode {
    for (resource, most) in [(Resource::As, MEMORY), (Resource::Core, 0), (Resource::Nofile, 16)] {
        if setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_err() {
            return ExitCode::FAILURE;
        }
    }
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(serve);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

type Kept = HashMap<String, CompiledResource<<Engine as Jq>::Filter>>;

fn serve() -> std::io::Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut kept = Kept::new();
    loop {
        let mut length = [0; 4];
        match input.read_exact(&mut length) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        let mut frame = vec![0; u32::from_le_bytes(length) as usize];
        input.read_exact(&mut frame)?;
        let answer = match serde_json::from_slice(&frame) {
            Ok(request) => answer(request, &mut kept),
            Err(error) => Answer::Problem { code: "JQ_FAILED".into(), message: error.to_string() },
        };
        let mut bytes = serde_json::to_vec(&answer)?;
        if u32::try_from(bytes.len()).is_ok_and(|length| length > MAX_FRAME) {
            let answer =
                Answer::Problem { code: "JQ_LIMIT".into(), message: "the answer is too large".into() };
            bytes = serde_json::to_vec(&answer)?;
        }
        output.write_all(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes())?;
        output.write_all(&bytes)?;
        output.flush()?;
    }
}

fn answer(request: Request, kept: &mut Kept) -> Answer {
    match request {
        Request::Evaluate { expression, input } => {
            let done = Engine.compile(&expression).and_then(|filter| Engine.first(&filter, &input));
            done.map_or_else(problem, |value| Answer::Value(value.unwrap_or(Value::Null)))
        }
        Request::Calculate { expression, inputs } => {
            let compiled = Expression::compile(&Engine, &expression);
            Answer::Calculated(inputs.iter().map(|input| compiled.evaluate(&Engine, input)).collect())
        }
        Request::Map { resource, items } => {
            let key = resource.to_string();
            if !kept.contains_key(&key) {
                let mut problems = Problems::default();
                let Some(parsed) = ResourceMapping::parse(&resource, &Pointer::root(), &mut problems) else {
                    return Answer::Problem { code: "INVALID_MAPPING".into(), message: problems.to_string() };
                };
                if kept.len() >= KEPT {
                    kept.clear();
                }
                kept.insert(key.clone(), CompiledResource::compile(&Engine, &parsed));
            }
            let Some(compiled) = kept.get(&key) else { return Answer::Mapped(Vec::new()) };
            Answer::Mapped(items.iter().map(|item| compiled.map(&Engine, item)).collect())
        }
    }
}

fn problem(problem: JqProblem) -> Answer {
    Answer::Problem { code: problem.code.as_str().into(), message: problem.message }
}
