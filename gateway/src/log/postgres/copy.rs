//! The binary form of COPY: all lines of a part in one stream, without parsing of text.

use sqlx::PgConnection;

use crate::log::{StoreError, rows::Row};

/// Signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In place of a number of columns: the end.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// In place of a length: no value.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Bytes that go to the server at a time.
const PART_BYTES: usize = 256 * 1024;

/// Writes the rows, with their side content.
pub(super) async fn write(
    connection: &mut PgConnection,
    rows: &[Row<'_>],
) -> Result<(), StoreError> {
    let mut lines = Stream::new();
    let mut side = Stream::new();
    for row in rows {
        add_line(&mut lines, row)?;
        if let Some(content) = row.side() {
            let mut tuple = side.tuple(2)?;
            tuple.field(&row.nr.to_be_bytes())?;
            tuple.field(content)?;
        }
    }
    const LINES: &str = "COPY regel (nr, soort, sleutel, inhoud, merk) FROM STDIN (FORMAT binary)";
    const SIDE: &str = "COPY zij (nr, inhoud) FROM STDIN (FORMAT binary)";
    lines.send(connection, LINES).await?;
    side.send(connection, SIDE).await
}

fn add_line(lines: &mut Stream, row: &Row<'_>) -> Result<(), StoreError> {
    let mut tuple = lines.tuple(5)?;
    tuple.field(&row.nr.to_be_bytes())?;
    tuple.field(&i16::from(row.line.soort.number()).to_be_bytes())?;
    tuple.field(&row.line.sleutel.0)?;
    tuple.optional(row.content())?;
    tuple.optional(row.mark.as_deref())
}

/// Rows on their way to one table, in parts.
pub(super) struct Stream {
    parts: Vec<Vec<u8>>,
    rows: usize,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self {
            parts: vec![HEADER.to_vec()],
            rows: 0,
        }
    }

    /// How many there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Begins the next row, which has so many columns.
    pub(super) fn tuple(&mut self, columns: usize) -> Result<Tuple<'_>, StoreError> {
        let columns = i16::try_from(columns)
            .map_err(|_| StoreError::InvalidLine("it has more columns than a table can"))?;
        self.rows += 1;
        let is_full = self
            .parts
            .last()
            .is_none_or(|part| part.len() >= PART_BYTES);
        if is_full {
            self.parts.push(Vec::with_capacity(PART_BYTES));
        }
        let last = self.parts.len() - 1;
        let part = &mut self.parts[last];
        part.extend(columns.to_be_bytes());
        Ok(Tuple(part))
    }

    /// Gives them to a statement `COPY … FROM STDIN (FORMAT binary)`.
    pub(super) async fn send(
        self,
        connection: &mut PgConnection,
        statement: &str,
    ) -> Result<(), StoreError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut copy = connection.copy_in_raw(statement).await?;
        for part in self.parts {
            copy.send(part).await?;
        }
        copy.send(TRAILER.as_slice()).await?;
        copy.finish().await?;
        Ok(())
    }
}

/// One row: the number of its columns, and each with its length before it.
pub(super) struct Tuple<'a>(&'a mut Vec<u8>);

impl Tuple<'_> {
    pub(super) fn field(&mut self, value: &[u8]) -> Result<(), StoreError> {
        let length = i32::try_from(value.len())
            .map_err(|_| StoreError::InvalidLine("its content is longer than 2 GiB"))?;
        self.0.extend(length.to_be_bytes());
        self.0.extend(value);
        Ok(())
    }

    pub(super) fn optional(&mut self, value: Option<&[u8]>) -> Result<(), StoreError> {
        match value {
            Some(value) => self.field(value),
            None => {
                self.0.extend(NULL);
                Ok(())
            }
        }
    }
}
