//! CSV (RFC 4180): a header row, then an item a row. Any number of rows in bounded memory.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use portolan_ingestor_contract::{IngestError, KindDescription, SourceError};
use serde_json::{Map, Value};

use crate::handing::Hand;
use crate::source::{Parts, Source};

const ROW: &str = "csv-row";
/// Largest row, in bytes.
const MAX_ROW: usize = 1 << 20;
/// Most columns.
const MAX_COLUMNS: usize = 2_000;
/// Of UTF-8.
const MARK: &str = "\u{feff}";

pub(crate) const KINDS: &[KindDescription] = &[KindDescription {
    name: ROW,
    title: "CSV rows",
    description: "A row: its fields by the names of the header, all of them texts, with __Row, and __Key, the first field.",
    permissions: &[
        "reading the files: s3:ListBucket and s3:GetObject, or GET at their address, or the operator's leave",
    ],
}];

/// Hands over each row below the header.
///
/// # Errors
/// Where there is no header, or a row does not fit it.
pub(super) async fn read(
    source: &dyn Source,
    file: &str,
    delimiter: u8,
    hand: &mut Hand<'_>,
) -> Result<(), IngestError> {
    let (mut parts, mut table) = (Parts::of(source, file), Table::new(delimiter, file));
    while let Some(bytes) = parts.next().await? {
        let mut rest = bytes.as_ref();
        while let Some(row) = table.next(&mut rest)? {
            hand.give(ROW, file, row, table.size).await?;
        }
    }
    while let Some(row) = table.end()? {
        hand.give(ROW, file, row, table.size).await?;
    }
    Ok(())
}

/// Whether there is a header, and the first row fits it.
///
/// # Errors
/// Where there is none, or it does not.
pub(super) async fn look(source: &dyn Source, file: &str, delimiter: u8) -> Result<(), SourceError> {
    let (mut parts, mut table) = (Parts::of(source, file), Table::new(delimiter, file));
    while let Some(bytes) = parts.next().await? {
        if table.next(&mut bytes.as_ref())?.is_some() {
            return Ok(());
        }
    }
    table.end().map(drop)
}

/// A table of bytes that come in any parts.
struct Table<'a> {
    file: &'a str,
    reader: Reader,
    header: Option<Vec<String>>,
    /// Fields of the row that is being read, one behind the other.
    fields: Vec<u8>,
    /// Bytes in `fields`.
    filled: usize,
    /// Where each field ends.
    ends: Vec<usize>,
    /// How many ends there are.
    ended: usize,
    /// Rows below the header so far.
    rows: u64,
    /// Bytes of the row that was read last.
    size: usize,
    /// Quotes come in pairs, in a table that is whole.
    quotes: u64,
    begun: bool,
    is_over: bool,
}

impl<'a> Table<'a> {
    fn new(delimiter: u8, file: &'a str) -> Self {
        Self {
            file,
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            header: None,
            fields: vec![0; 8 << 10],
            filled: 0,
            ends: vec![0; 64],
            ended: 0,
            rows: 0,
            size: 0,
            quotes: 0,
            begun: false,
            is_over: false,
        }
    }

    fn wrong(&self, what: impl std::fmt::Display) -> SourceError {
        SourceError::failed(format!("\"{}\" {what}", self.file))
    }

    /// The next row that ends in these bytes; what it took is taken off them.
    ///
    /// # Errors
    /// Where a row makes no sense.
    fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Map<String, Value>>, SourceError> {
        if !std::mem::replace(&mut self.begun, true) {
            // Some programs begin a file with a mark of its encoding. If it comes in pieces, the header has it.
            *bytes = bytes.strip_prefix(MARK.as_bytes()).unwrap_or(bytes);
        }
        while !bytes.is_empty() {
            if let Some(row) = self.step(bytes)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// The row that the end of the file ends.
    ///
    /// # Errors
    /// Where it makes no sense, a quote is left open, or there is no header.
    fn end(&mut self) -> Result<Option<Map<String, Value>>, SourceError> {
        if self.quotes % 2 == 1 {
            return Err(self.wrong("has a quotation mark that is never closed"));
        }
        while !self.is_over {
            // Nothing more is the parser's sign of the end.
            if let Some(row) = self.step(&mut &[][..])? {
                return Ok(Some(row));
            }
        }
        if self.header.is_none() { Err(self.wrong("has no header row")) } else { Ok(None) }
    }

    fn step(&mut self, bytes: &mut &[u8]) -> Result<Option<Map<String, Value>>, SourceError> {
        let (result, read, written, ended) =
            self.reader.read_record(bytes, &mut self.fields[self.filled..], &mut self.ends[self.ended..]);
        self.quotes += bytes[..read].iter().filter(|byte| **byte == b'"').count() as u64;
        *bytes = &bytes[read..];
        self.filled += written;
        self.ended += ended;
        match result {
            ReadRecordResult::InputEmpty => Ok(None),
            ReadRecordResult::OutputFull if self.fields.len() >= MAX_ROW => {
                Err(self.wrong(format_args!("has more than {MAX_ROW} bytes in row {}", self.rows + 1)))
            }
            ReadRecordResult::OutputFull => {
                self.fields.resize(self.fields.len() * 2, 0);
                Ok(None)
            }
            ReadRecordResult::OutputEndsFull if self.ends.len() >= MAX_COLUMNS => {
                Err(self.wrong(format_args!("has more than {MAX_COLUMNS} fields in row {}", self.rows + 1)))
            }
            ReadRecordResult::OutputEndsFull => {
                self.ends.resize((self.ends.len() * 2).min(MAX_COLUMNS), 0);
                Ok(None)
            }
            ReadRecordResult::Record => self.record(),
            ReadRecordResult::End => {
                self.is_over = true;
                Ok(None)
            }
        }
    }

    /// Makes an item of the row that was read, or the header.
    fn record(&mut self) -> Result<Option<Map<String, Value>>, SourceError> {
        self.size = self.filled;
        let texts = self.texts();
        (self.filled, self.ended) = (0, 0);
        let Some(header) = &self.header else {
            let texts = texts.ok_or_else(|| self.wrong("is not UTF-8"))?;
            self.header = Some(self.names(texts)?);
            return Ok(None);
        };
        let row = self.rows + 1;
        let texts = texts.ok_or_else(|| self.wrong(format_args!("is not UTF-8 in row {row}")))?;
        if texts.len() != header.len() {
            let (found, wanted) = (texts.len(), header.len());
            return Err(
                self.wrong(format_args!("has {found} fields in row {row} and {wanted} in its header"))
            );
        }
        self.rows = row;
        let key = texts.first().cloned().unwrap_or_default();
        let mut item: Map<String, Value> =
            header.iter().cloned().zip(texts.into_iter().map(Value::from)).collect();
        item.insert("__Row".to_owned(), row.into());
        item.insert("__Key".to_owned(), key.into());
        Ok(Some(item))
    }

    /// The fields of the row; none where they are not UTF-8.
    fn texts(&self) -> Option<Vec<String>> {
        let mut from = 0;
        let ends = self.ends[..self.ended].iter();
        ends.map(|&to| {
            Some(std::str::from_utf8(&self.fields[std::mem::replace(&mut from, to)..to]).ok()?.to_owned())
        })
        .collect()
    }

    fn names(&self, texts: Vec<String>) -> Result<Vec<String>, SourceError> {
        let names: Vec<String> =
            texts.iter().map(|text| text.trim_start_matches(MARK).trim().to_owned()).collect();
        for (index, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(self.wrong(format_args!("has no name for column {} in its header", index + 1)));
            }
            if names[..index].contains(name) {
                return Err(self.wrong(format_args!("has two columns of the same name, \"{name}\"")));
            }
        }
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows(text: &[u8], delimiter: u8, size: usize) -> Result<Vec<Value>, String> {
        let mut table = Table::new(delimiter, "a.csv");
        let mut all = Vec::new();
        let mut read = || -> Result<(), SourceError> {
            for part in text.chunks(size) {
                let mut rest = part;
                while let Some(row) = table.next(&mut rest)? {
                    all.push(row.into());
                }
            }
            while let Some(row) = table.end()? {
                all.push(row.into());
            }
            Ok(())
        };
        read().map_err(|error| error.message)?;
        Ok(all)
    }

    #[track_caller]
    fn check(text: &str, delimiter: u8, expected: Result<&[Value], &str>) {
        for size in [1, 2, 3, 7, 4096] {
            let found = rows(text.as_bytes(), delimiter, size);
            let expected = expected.map(<[Value]>::to_vec).map_err(|what| format!("\"a.csv\" {what}"));
            assert_eq!(found, expected, "{text:?} in parts of {size}");
        }
    }

    #[test]
    fn rows_become_items_however_they_come() {
        let one = json!({"id": "a", "note": "x", "__Row": 1, "__Key": "a"});
        let ones = std::slice::from_ref(&one);
        check("id,note\r\na,x\r\n", b',', Ok(ones));
        check("\u{feff}id, note \na,x", b',', Ok(ones));
        assert_eq!(rows("\u{feff}\"id\",note\na,x".as_bytes(), b',', 64).as_deref(), Ok(ones));
        check("\"id\";note\n\na;\"x\"\n\n", b';', Ok(ones));
        check("id\tnote\na\tx\n", b'\t', Ok(ones));
        check("id,note\n", b',', Ok(&[]));
        let odd = json!({"id": "a,\"b\"", "note": "two\r\nlines ü", "__Row": 1, "__Key": "a,\"b\""});
        let empty = json!({"id": "", "note": "", "__Row": 2, "__Key": ""});
        check("id,note\n\"a,\"\"b\"\"\",\"two\r\nlines ü\"\n,\n", b',', Ok(&[odd, empty]));
    }

    #[test]
    fn what_is_no_table_is_told() {
        check("", b',', Err("has no header row"));
        check("id,,x\n", b',', Err("has no name for column 2 in its header"));
        check("id,x,id\n", b',', Err("has two columns of the same name, \"id\""));
        check("id,x\na\n", b',', Err("has 1 fields in row 1 and 2 in its header"));
        check("id,x\na,b\na,b,c\n", b',', Err("has 3 fields in row 2 and 2 in its header"));
        check("id,x\na,\"b\nc,d\n", b',', Err("has a quotation mark that is never closed"));
        assert_eq!(rows(b"id,x\na,\xff\n", b',', 9), Err("\"a.csv\" is not UTF-8 in row 1".to_owned()));
    }

    #[test]
    fn rows_are_bounded() {
        let long = format!("id,x\na,{}\n", "x".repeat(3 << 20));
        assert_eq!(
            rows(long.as_bytes(), b',', 65_536),
            Err(format!("\"a.csv\" has more than {MAX_ROW} bytes in row 1"))
        );
        let wide = format!("id,x\n{}\n", ",".repeat(5_000));
        let expected = format!("\"a.csv\" has more than {MAX_COLUMNS} fields in row 1");
        assert_eq!(rows(wide.as_bytes(), b',', 65_536), Err(expected));
    }
}
