//! Columns and tables: how a value lies in a column, and the statements that follow from a table's one list of columns.
//!
//! `table!` declares a table in the order of its columns. Select lists, inserts, updates and reading come from it.

use super::failure::Failure;
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql, Type};

/// How a value lies in one column.
pub(super) trait Column {
    /// The type of a list of it, as statements take it.
    const TYPE: &'static str;
    /// The type of the column, where that is another one: it is written and read as [`Self::TYPE`].
    const CAST: Option<&'static str> = None;

    /// The value in the program.
    type Value;
    /// The value as the driver takes it.
    type Written<'value>: ToSql + Sync
    where
        Self: 'value;

    fn write(value: &Self::Value) -> Self::Written<'_>;

    fn read(row: &Row, column: usize) -> Result<Self::Value, Failure>;
}

/// A value that is read from one or more columns.
pub(super) trait Record: Sized {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure>;
}

impl<C: Column<Value = C>> Record for C {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        reader.next::<C>()
    }
}

impl<A: Record, B: Record> Record for (A, B) {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok((A::read(reader)?, B::read(reader)?))
    }
}

impl<A: Record, B: Record, C: Record> Record for (A, B, C) {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
        Ok((A::read(reader)?, B::read(reader)?, C::read(reader)?))
    }
}

/// Reads a whole row.
pub(super) fn read<R: Record>(row: &Row) -> Result<R, Failure> {
    R::read(&mut Reader::new(row))
}

/// Reads rows into any collection.
pub(super) fn read_all<R: Record, All: FromIterator<R>>(rows: &[Row]) -> Result<All, Failure> {
    rows.iter().map(read).collect()
}

/// Reads the only row, if there is one.
pub(super) fn read_first<R: Record>(rows: &[Row]) -> Result<Option<R>, Failure> {
    rows.first().map(read).transpose()
}

/// Reads the columns of a row one after another.
pub(super) struct Reader<'row> {
    row: &'row Row,
    next: usize,
}

impl<'row> Reader<'row> {
    pub(super) fn new(row: &'row Row) -> Self {
        Self { row, next: 0 }
    }

    pub(super) fn next<C: Column>(&mut self) -> Result<C::Value, Failure> {
        let value = C::read(self.row, self.next)?;
        self.next += 1;
        Ok(value)
    }

    /// The last record of a row of an outer join; `None` where the join found no row.
    pub(super) fn last_if_joined<R: Record>(&mut self) -> Result<Option<R>, Failure> {
        let first: Option<&str> = self.row.try_get(self.next)?;
        first.map(|_| R::read(self)).transpose()
    }
}

/// How an update treats a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Update {
    Written,
    /// The column never changes.
    Fixed,
    /// The column never changes, and identifies a row of the app.
    Key,
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableColumn {
    name: &'static str,
    list_type: &'static str,
    cast: Option<&'static str>,
    update: Update,
}

impl TableColumn {
    pub(super) const fn new<C: Column>(name: &'static str) -> Self {
        Self { name, list_type: C::TYPE, cast: C::CAST, update: Update::Written }
    }

    /// The type as which a value is written.
    fn wire_type(&self) -> Type {
        match self.list_type {
            "bigint" => Type::INT8,
            "smallint" => Type::INT2,
            "boolean" => Type::BOOL,
            "bytea" => Type::BYTEA,
            _ => Type::TEXT,
        }
    }

    pub(super) const fn fixed(self) -> Self {
        Self { update: Update::Fixed, ..self }
    }

    pub(super) const fn key(self) -> Self {
        Self { update: Update::Key, ..self }
    }
}

/// A table. Its first column is always the app, and is not listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// The group or account that a record belongs to, where the record does not say so itself: selects leave it out.
    pub(super) owner: Option<TableColumn>,
    pub(super) columns: &'static [TableColumn],
}

impl Table {
    /// The columns of a record, to be selected.
    pub(super) fn columns(&self) -> String {
        self.columns_of("")
    }

    /// The same, each after `prefix`, such as the name of a table and a dot.
    pub(super) fn columns_of(&self, prefix: &str) -> String {
        joined(self.columns.iter(), |TableColumn { name, list_type, cast, .. }| match cast {
            Some(_) => format!("{prefix}{name}::{list_type}"),
            None => format!("{prefix}{name}"),
        })
    }

    /// Inserts rows.
    pub(super) fn insert(&self) -> Writes {
        self.writes(&|| String::new(), true)
    }

    /// Inserts rows but for those that are there.
    pub(super) fn insert_missing(&self) -> Writes {
        self.writes(&|| format!(" {} DO NOTHING", self.on_conflict()), false)
    }

    /// Inserts rows, or updates those that are there. Like all statements that change a list of rows it finds them as an
    /// insert does, which is the same whatever the planner knows of a table.
    pub(super) fn put(&self) -> Writes {
        let written = || self.all().filter(|column| column.update == Update::Written);
        let updates = || joined(written(), |TableColumn { name, .. }| format!("{name} = excluded.{name}"));
        self.writes(&|| format!(" {} DO UPDATE SET {}", self.on_conflict(), updates()), false)
    }

    fn writes(&self, tail: &dyn Fn() -> String, copies: bool) -> Writes {
        let names = joined(self.all(), |column| column.name.to_owned());
        let head = format!("INSERT INTO landfall.{} (sdk_app_id, {names})", self.name);
        let values = joined(self.all(), |TableColumn { name, cast, .. }| match cast {
            Some(cast) => format!("{name}::{cast}"),
            None => (*name).to_owned(),
        });
        let mut number = 1;
        let lists = joined(self.all(), |column| {
            number += 1;
            format!("${number}::{}[]", column.list_type)
        });
        let row = joined(self.all(), |TableColumn { list_type, cast, .. }| match cast {
            Some(cast) => format!("?::{list_type}::{cast}"),
            None => format!("?::{list_type}"),
        });
        let copy = copies.then(|| Copying {
            sql: format!("COPY landfall.{} (sdk_app_id, {names}) FROM STDIN (FORMAT binary)", self.name),
            columns: self.all().copied().collect(),
        });
        Writes {
            lists: format!(
                "{head} SELECT $1::bigint, {values} FROM unnest({lists}) AS new ({names}){}",
                tail()
            ),
            rows: RowWise { head, row, tail: tail(), copy },
        }
    }

    fn on_conflict(&self) -> String {
        let key = self.all().filter(|column| column.update == Update::Key);
        format!("ON CONFLICT (sdk_app_id, {})", joined(key, |column| column.name.to_owned()))
    }

    fn all(&self) -> impl Iterator<Item = &TableColumn> {
        self.owner.iter().chain(self.columns)
    }
}

fn joined<'column>(
    columns: impl Iterator<Item = &'column TableColumn>,
    text: impl FnMut(&TableColumn) -> String,
) -> String {
    columns.map(text).collect::<Vec<_>>().join(", ")
}

/// A statement that writes rows, in its two forms.
pub(super) struct Writes {
    /// Takes the app and a list for each column.
    pub(super) lists: String,
    /// Takes the app and the values of some rows.
    pub(super) rows: RowWise,
}

impl Writes {
    /// With columns of the written rows that come back.
    pub(super) fn returning(mut self, columns: &str) -> Self {
        for sql in [&mut self.lists, &mut self.rows.tail] {
            sql.push_str(" RETURNING ");
            sql.push_str(columns);
        }
        self
    }
}

/// A statement that takes the values of rows one by one, so that each can be sent to where it belongs.
#[derive(Debug)]
pub(super) struct RowWise {
    /// Up to the names of the columns, of which the first is the app.
    pub(super) head: String,
    /// The values of one row after the app, with `?` for each parameter.
    pub(super) row: String,
    /// What becomes of rows that are there.
    pub(super) tail: String,
    /// Where rows that are there are refused.
    pub(super) copy: Option<Copying>,
}

impl RowWise {
    /// The statement for so many rows.
    pub(super) fn sql(&self, rows: usize) -> String {
        let mut sql = format!("{} VALUES ", self.head);
        let mut number = 1;
        for row in 0..rows {
            sql.push_str(if row == 0 { "($1::bigint, " } else { ", ($1::bigint, " });
            for (index, part) in self.row.split('?').enumerate() {
                if 0 < index {
                    number += 1;
                    sql.push_str(&format!("${number}"));
                }
                sql.push_str(part);
            }
            sql.push(')');
        }
        sql.push_str(&self.tail);
        sql
    }
}

/// A `COPY` of rows in PostgreSQL's binary form.
#[derive(Debug)]
pub(super) struct Copying {
    pub(super) sql: String,
    pub(super) columns: Vec<TableColumn>,
}

impl Copying {
    /// Rows as `COPY` takes them.
    pub(super) fn encode(&self, lists: &impl Lists) -> Result<Vec<u8>, Failure> {
        let mut field = Default::default();
        let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        for row in 0..lists.len() {
            bytes.extend((self.columns.len() as u16 + 1).to_be_bytes());
            bytes.extend(8_i32.to_be_bytes());
            bytes.extend(lists.app().to_be_bytes());
            for (value, column) in lists.row(row).into_iter().zip(&self.columns) {
                let written = value.to_sql_checked(&column.wire_type(), &mut field);
                let null = written.map_err(|_| Failure::Damaged("value of a column"))?;
                // The binary form of `jsonb` is a version and the text.
                let version: &[u8] = if column.cast == Some("jsonb") { &[1] } else { &[] };
                let length = i32::try_from(version.len() + field.len()).unwrap_or(i32::MAX);
                match null {
                    IsNull::Yes => bytes.extend((-1_i32).to_be_bytes()),
                    IsNull::No => {
                        bytes.extend(length.to_be_bytes());
                        bytes.extend(version);
                        bytes.extend(&field[..]);
                    }
                }
                field.clear();
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        Ok(bytes)
    }
}

/// The parameters of one statement: the app, then a list for each column.
pub(super) type Parameters<'list> = Vec<&'list (dyn ToSql + Sync)>;

/// Lists of the columns of rows.
pub(super) trait Lists: Sync {
    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn app(&self) -> i64;

    /// The app, then a list for each column.
    fn parameters(&self) -> Parameters<'_>;

    /// The values of one row, without the app.
    fn row(&self, row: usize) -> Parameters<'_>;
}

/// Declares lists of columns that rows are added to one by one.
macro_rules! lists {
    ($(#[$doc:meta])* $lists:ident { $($column:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        pub(in crate::postgres) struct $lists<'row> {
            app: i64,
            $($column: Vec<<$type as Column>::Written<'row>>,)+
        }

        impl $lists<'_> {
            pub(in crate::postgres) fn with_capacity(app: AppId, rows: usize) -> Self {
                Self { app: AppId::write(&app), $($column: Vec::with_capacity(rows),)+ }
            }
        }

        impl Lists for $lists<'_> {
            fn len(&self) -> usize {
                // All of one length.
                [$(self.$column.len(),)+].into_iter().max().unwrap_or_default()
            }

            fn app(&self) -> i64 {
                self.app
            }

            fn parameters(&self) -> Parameters<'_> {
                vec![&self.app, $(&self.$column,)+]
            }

            fn row(&self, row: usize) -> Parameters<'_> {
                vec![$(&self.$column[row],)+]
            }
        }
    };
}

/// Declares a table and its [`Lists`]. Updates leave out columns that are `[fixed]` or a `[key]`.
///
/// Where a record is named, it is written and read as well: its fields have the names of their columns, so the same braces
/// take it apart and put it together.
macro_rules! table {
    (
        $(#[$doc:meta])*
        $table:ident: $lists:ident in $name:literal $(of $owner:ident: $owner_type:ty)? {
            $($column:ident: $type:ty $([$update:ident])?,)+
        }
        $($record:ident $fields:tt)?
    ) => {
        $(#[$doc])*
        pub(in crate::postgres) const $table: Table = Table {
            name: $name,
            owner: table!(@owner $($owner: $owner_type)?),
            columns: &[$(TableColumn::new::<$type>(stringify!($column))$(.$update())?,)+],
        };

        lists! {
            /// Rows to be written.
            $lists { $($owner: $owner_type,)? $($column: $type,)+ }
        }

        table!(@record $lists $({$owner: $owner_type})? [$($column: $type,)+] $($record $fields)?);
    };
    (@owner) => { None };
    (@owner $owner:ident: $type:ty) => { Some(TableColumn::new::<$type>(stringify!($owner)).key()) };
    (@record $lists:ident $({$owner:ident: $owner_type:ty})? [$($column:ident: $type:ty,)+]) => {};
    (
        @record $lists:ident $({$owner:ident: $owner_type:ty})? [$($column:ident: $type:ty,)+]
        $record:ident $fields:tt
    ) => {
        impl<'row> $lists<'row> {
            pub(in crate::postgres) fn push(&mut self, $($owner: &'row $owner_type,)? record: &'row $record) {
                let $record $fields = record;
                $(self.$owner.push(<$owner_type as Column>::write($owner));)?
                $(self.$column.push(<$type as Column>::write($column));)+
            }
        }

        impl Record for $record {
            fn read(reader: &mut Reader<'_>) -> Result<Self, Failure> {
                $(let $column = reader.next::<$type>()?;)+
                Ok($record $fields)
            }
        }
    };
}
