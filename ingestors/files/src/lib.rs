//! The ingestor for files: Terraform states, Backstage's descriptors, CSV and JSON, in a directory of this machine, at a
//! URL, or in a bucket of S3.
//!
//! A *source* lists files and reads them, whole or in parts; a *format* makes items of what it is given. Neither knows the
//! other. A file that cannot be read to its end fails the kinds of its format; the other files are still read.

mod descriptor;
mod format;
mod handing;
mod ingestor;
mod reading;
mod settings;
mod source;

pub use ingestor::Files;
