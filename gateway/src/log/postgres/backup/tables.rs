//! Which tables there are, from the database's own catalogue: one that a migration adds is in the
//! next backup by itself.

use sqlx::{PgConnection, Row, postgres::PgRow};

use crate::log::{
    StoreError,
    rows::damaged,
    table::{Column, Kind, Table, Value},
};

/// What each engine keeps in its own way, or only while it runs.
const OWN: [&str; 4] = ["_sqlx_migrations", "meta", "tijdlijn", "open_stage"];

/// Tables with lines of stages, of which only published ones are copied.
const OF_STAGES: [&str; 2] = ["regel", "zij"];

/// Every table that goes into a backup, with its columns.
///
/// # Errors
/// [`StoreError::Damaged`] when one has a column of a type that no backup knows.
pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Table>, StoreError> {
    const COLUMNS: &str = "
        SELECT c.relname::text, a.attname::text, format_type(a.atttypid, NULL)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
          AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'meta'::regclass)
          AND c.relname::text <> ALL ($1)
        ORDER BY c.relname, a.attnum";
    let rows: Vec<(String, String, String)> = sqlx::query_as(COLUMNS)
        .bind(OWN.as_slice())
        .fetch_all(connection)
        .await?;
    let mut tables: Vec<Table> = Vec::new();
    for (table, name, type_name) in rows {
        let kind = kind(&type_name)
            .ok_or_else(|| damaged(format!("{table}.{name} is of the type {type_name}")))?;
        let column = Column { name, kind };
        match tables.last_mut() {
            Some(last) if last.name == table => last.columns.push(column),
            _ => tables.push(Table {
                name: table,
                columns: vec![column],
            }),
        }
    }
    Ok(tables)
}

fn kind(type_name: &str) -> Option<Kind> {
    Some(match type_name {
        "bigint" => Kind::Bigint,
        "smallint" => Kind::Smallint,
        "boolean" => Kind::Boolean,
        "text" => Kind::Text,
        "bytea" => Kind::Bytes,
        _ => return None,
    })
}

/// The statement that gives all rows of it.
pub(super) fn select(table: &Table) -> String {
    let columns = table.names(|column| match column.kind {
        Kind::Bigint | Kind::Text | Kind::Bytes => column.name.clone(),
        Kind::Smallint => format!("{}::int8", column.name),
        Kind::Boolean => format!("{}::int::int8", column.name),
    });
    let published = match OF_STAGES.contains(&table.name.as_str()) {
        true => " WHERE EXISTS (SELECT FROM commit_log c WHERE c.stage = nr >> 32)",
        false => "",
    };
    format!("SELECT {columns} FROM {}{published}", table.name)
}

/// A row of that statement.
pub(super) fn values(row: &PgRow, table: &Table) -> Result<Vec<Value>, StoreError> {
    let mut values = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Bigint | Kind::Smallint | Kind::Boolean => {
                row.try_get::<Option<i64>, _>(at)?.map(Value::Number)
            }
            Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
        };
        values.push(value.unwrap_or(Value::Nothing));
    }
    Ok(values)
}
