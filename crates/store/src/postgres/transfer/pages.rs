//! Reading everything: all accounts, then all groups with their owners' memberships, then all other members, parts
//! and messages, then the kicks of deleted accounts, the origins of groups, facts, and messages between accounts, each in the
//! order of its table's key.

use crate::parts;
use crate::postgres::columns::{Parameters, Reader, Record, read_all};
use crate::postgres::database::{Kind, Tx, Work};
use crate::postgres::failure::Failure;
use crate::postgres::rows::{fact_name, part_name};
use crate::postgres::statements::{self, Statement};
use crate::postgres::values::app_column;
use crate::transfer::{Indexed, Page, PageSize, Place, Row};
use async_trait::async_trait;
use landfall_domain::group::{Group, GroupType};
use landfall_domain::ids::AppId;
use std::collections::BTreeMap;

/// Rows fetched at once, at most: a bound of memory when rows are large.
const FETCH_MAX: usize = 2_000;

/// Where reading goes on: after this key of this table. Written as the table's number (1 byte), the app (4), and the
/// names of the key, each ended by 0.
struct Cursor {
    table: Table,
    app: AppId,
    names: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Accounts = 0,
    Groups = 1,
    Members = 2,
    Parts = 3,
    Messages = 4,
    Kicks = 5,
    Origins = 6,
    Facts = 7,
    Directs = 8,
}

impl Table {
    const ALL: [Self; 9] = [
        Self::Accounts,
        Self::Groups,
        Self::Members,
        Self::Parts,
        Self::Messages,
        Self::Kicks,
        Self::Origins,
        Self::Facts,
        Self::Directs,
    ];

    /// What comes before every key of it, after the app.
    fn before_all(self) -> &'static [&'static str] {
        match self {
            Self::Accounts | Self::Groups | Self::Kicks | Self::Origins => &[""],
            Self::Members => &["", ""],
            Self::Directs => &["", "-1"],
            Self::Parts | Self::Facts => &["", "-1", ""],
            Self::Messages => &["", "", "-1"],
        }
    }

    fn next(self) -> Option<Self> {
        match self {
            Self::Accounts => Some(Self::Groups),
            Self::Groups => Some(Self::Members),
            Self::Members => Some(Self::Parts),
            Self::Parts => Some(Self::Messages),
            Self::Messages => Some(Self::Kicks),
            Self::Kicks => Some(Self::Origins),
            Self::Origins => Some(Self::Facts),
            Self::Facts => Some(Self::Directs),
            Self::Directs => None,
        }
    }

    fn statement(self) -> &'static Statement {
        match self {
            Self::Accounts => &statements::COPY_ACCOUNTS,
            Self::Groups => &statements::COPY_GROUPS,
            Self::Members => &statements::COPY_MEMBERS,
            Self::Parts => &statements::COPY_PARTS,
            Self::Messages => &statements::COPY_MESSAGES,
            Self::Kicks => &statements::COPY_KICKS,
            Self::Origins => &statements::COPY_ORIGINS,
            Self::Facts => &statements::COPY_FACTS,
            Self::Directs => &statements::COPY_DIRECT,
        }
    }
}

impl Cursor {
    /// Before all rows of a table.
    fn start(table: Table) -> Self {
        let names = table.before_all().iter().map(|name| (*name).to_owned()).collect();
        Self { table, app: AppId(0), names }
    }

    fn parse(place: &Place) -> Option<Self> {
        let (&table, rest) = place.0.split_first()?;
        let table = Table::ALL.into_iter().find(|of| *of as u8 == table)?;
        let (app, names) = rest.split_first_chunk()?;
        let names: Vec<String> =
            std::str::from_utf8(names).ok()?.split_terminator('\0').map(str::to_owned).collect();
        (names.len() == table.before_all().len()).then_some(Self {
            table,
            app: AppId(u32::from_be_bytes(*app)),
            names,
        })
    }

    fn place(&self) -> Place {
        let mut bytes = vec![self.table as u8];
        bytes.extend(self.app.0.to_be_bytes());
        for name in &self.names {
            bytes.extend(name.as_bytes());
            bytes.push(0);
        }
        Place(bytes)
    }

    /// The cursor after `row`.
    fn after(row: &Row) -> Self {
        match row {
            Row::Account { app, id, .. } => {
                Self { table: Table::Accounts, app: *app, names: vec![id.to_string()] }
            }
            Row::Kick { app, id, .. } => Self { table: Table::Kicks, app: *app, names: vec![id.to_string()] },
            Row::Origin { app, group, .. } => {
                Self { table: Table::Origins, app: *app, names: vec![group.to_string()] }
            }
            Row::Group { app, group, .. } => {
                Self { table: Table::Groups, app: *app, names: vec![group.id.to_string()] }
            }
            Row::Member { app, group, member } => Self {
                table: Table::Members,
                app: *app,
                names: vec![group.to_string(), member.account.to_string()],
            },
            Row::Part { app, group, key, .. } => {
                let (kind, name) = part_name(key);
                Self {
                    table: Table::Parts,
                    app: *app,
                    names: vec![group.to_string(), kind.to_string(), name],
                }
            }
            Row::Fact { app, subject, key, .. } => {
                let (kind, name) = fact_name(key);
                Self {
                    table: Table::Facts,
                    app: *app,
                    names: vec![subject.to_string(), kind.to_string(), name],
                }
            }
            Row::Direct { app, pair, message } => Self {
                table: Table::Directs,
                app: *app,
                names: vec![pair.to_string(), message.seq.to_string()],
            },
            Row::Message { app, group, conversation, message } => Self {
                table: Table::Messages,
                app: *app,
                names: vec![
                    group.to_string(),
                    parts::topic_of(conversation).to_owned(),
                    message.seq.to_string(),
                ],
            },
        }
    }
}

/// The rows after a place.
pub(super) struct ReadPage {
    pub(super) after: Option<Place>,
    pub(super) size: PageSize,
}

#[async_trait]
impl Work for ReadPage {
    type Output = Option<Page>;
    const DOING: &'static str = "reading a page of a copy";
    const KIND: Kind = Kind::Copy;

    async fn perform(&self, tx: &Tx) -> Result<Self::Output, Failure> {
        tx.begin(None, &[]).await?;
        let cursor = match &self.after {
            None => Some(Cursor::start(Table::Accounts)),
            Some(place) => Cursor::parse(place),
        };
        let mut cursor = cursor.ok_or(Failure::Damaged("place of a copy"))?;
        loop {
            let rows = self.fetch(tx, &cursor).await?;
            if let Some(last) = rows.last() {
                let place = Cursor::after(last).place();
                return Ok(Some(Page { rows, place }));
            }
            match cursor.table.next() {
                Some(table) => cursor = Cursor::start(table),
                None => return Ok(None),
            }
        }
    }
}

impl ReadPage {
    async fn fetch(&self, tx: &Tx, cursor: &Cursor) -> Result<Vec<Row>, Failure> {
        let app = app_column(cursor.app);
        let limit = i64::try_from(self.size.rows.min(FETCH_MAX)).unwrap_or(i64::MAX);
        let mut parameters: Parameters<'_> = vec![&app];
        // The name at this place of the key is a number.
        let number_at = match cursor.table {
            Table::Accounts | Table::Groups | Table::Members | Table::Kicks | Table::Origins => None,
            Table::Parts | Table::Facts | Table::Directs => Some(1),
            Table::Messages => Some(2),
        };
        let number = number_at.and_then(|at| cursor.names.get(at)).map_or(Ok(0_i64), |name| name.parse());
        let number = number.map_err(|_| Failure::Damaged("place of a copy"))?;
        for (at, name) in cursor.names.iter().enumerate() {
            parameters.push(if number_at == Some(at) { &number } else { name });
        }
        parameters.push(&limit);
        let mut page = Vec::new();
        let mut bytes = 0;
        for row in &tx.query(cursor.table.statement(), &parameters).await? {
            if self.size.bytes <= bytes {
                break;
            }
            bytes += row.raw_size_bytes();
            page.push(self.row(cursor.table, row)?);
        }
        Ok(page)
    }

    fn row(&self, table: Table, row: &tokio_postgres::Row) -> Result<Row, Failure> {
        let mut reader = Reader::new(row);
        let app = reader.next::<AppId>()?;
        Ok(match table {
            Table::Accounts => {
                let (id, account) = Record::read(&mut reader)?;
                Row::Account { app, id, account }
            }
            Table::Kicks => {
                let (id, from) = Record::read(&mut reader)?;
                Row::Kick { app, id, from }
            }
            Table::Origins => {
                let (group, provenance) = Record::read(&mut reader)?;
                Row::Origin { app, group, provenance: Box::new(provenance) }
            }
            Table::Groups => {
                let group = Box::new(Group::read(&mut reader)?);
                // The owner of a group that keeps no members has no membership.
                Row::Group { app, group, owner: reader.last_if_joined()? }
            }
            Table::Members => {
                let (group, member) = Record::read(&mut reader)?;
                Row::Member { app, group, member }
            }
            Table::Parts => {
                let (group, (key, part)) = Record::read(&mut reader)?;
                Row::Part { app, group, key, part: Box::new(part) }
            }
            Table::Facts => {
                let (subject, (key, fact)) = Record::read(&mut reader)?;
                Row::Fact { app, subject, key, fact: Box::new(fact) }
            }
            Table::Directs => {
                let (pair, message) = Record::read(&mut reader)?;
                Row::Direct { app, pair, message: Box::new(message) }
            }
            Table::Messages => {
                let (group, (conversation, message)) = Record::read(&mut reader)?;
                Row::Message { app, group, conversation, message: Box::new(message) }
            }
        })
    }
}

/// Counts all rows.
pub(super) struct Counts;

pub(super) struct Counted {
    pub(super) rows: u64,
    pub(super) indexed: BTreeMap<AppId, Indexed>,
}

#[async_trait]
impl Work for Counts {
    type Output = Counted;
    const DOING: &'static str = "counting rows";
    const KIND: Kind = Kind::Copy;

    async fn perform(&self, tx: &Tx) -> Result<Counted, Failure> {
        tx.begin(None, &[]).await?;
        let mut indexed: BTreeMap<AppId, Indexed> = BTreeMap::new();
        let counts = tx.query(&statements::COUNT_BY_KIND, &[]).await?;
        for (app, kind, count) in read_all::<(AppId, GroupType, u64), Vec<_>>(&counts)? {
            let totals = &mut indexed.entry(app).or_default().totals;
            for (total, of) in totals.iter_mut().zip(GroupType::ALL) {
                if of == kind {
                    *total = count;
                }
            }
        }
        let mut rows = 0;
        let listed = tx.query(&statements::COUNT_LISTED, &[]).await?;
        for (app, listed, last_position) in read_all::<(AppId, u64, u64), Vec<_>>(&listed)? {
            let of_app = indexed.entry(app).or_default();
            (of_app.listed, of_app.last_position) = (listed, last_position);
            rows += listed;
        }
        let joined = tx.query(&statements::COUNT_MEMBERSHIPS, &[]).await?;
        for (app, joined) in read_all::<(AppId, u64), Vec<_>>(&joined)? {
            indexed.entry(app).or_default().joined = joined;
        }
        for row in &tx.query(&statements::COUNT_ROWS, &[]).await? {
            let mut reader = Reader::new(row);
            for _ in 0..row.len() {
                rows += reader.next::<u64>()?;
            }
        }
        Ok(Counted { rows, indexed })
    }
}
