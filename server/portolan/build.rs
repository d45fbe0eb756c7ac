//! Puts what `npm run build` made of the portal (`web/dist`) into the program: a list of its files, with their addresses.
//! Without it the program builds all the same, with an empty list.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../web/dist");
    // A directory that is not there would be looked for, and the program linked, at every build.
    fs::create_dir_all(&dist)?;
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = BTreeMap::new();
    collect(&dist, "", &mut files)?;
    let mut list = String::from("&[\n");
    for (address, path) in files.iter().filter(|(address, _)| is_served(address)) {
        let mut hasher = DefaultHasher::new();
        fs::read(path)?.hash(&mut hasher);
        let compressed = |ending: &str| match files.get(&format!("{address}.{ending}")) {
            Some(path) => format!("Some(include_bytes!({path:?}))"),
            None => "None".to_owned(),
        };
        writeln!(
            list,
            "File {{ address: {address:?}, etag: \"\\\"{:016x}\\\"\", plain: include_bytes!({path:?}), brotli: {}, gzip: {} }},",
            hasher.finish(),
            compressed("br"),
            compressed("gz"),
        )?;
    }
    list.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("portal_files.rs"), list)?;
    Ok(())
}

/// The portal's own notes of its build stay behind.
fn is_served(address: &str) -> bool {
    !address.starts_with("/.vite/") && !address.ends_with(".br") && !address.ends_with(".gz")
}

fn collect(
    directory: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, PathBuf>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let address = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &address, files)?;
        } else {
            files.insert(address, fs::canonicalize(entry.path())?);
        }
    }
    Ok(())
}
