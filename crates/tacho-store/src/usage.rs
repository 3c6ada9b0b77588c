//! What calls of models used, and sums of it by quarters of an hour.
//!
//! Records are truth: they outlive the transcripts they are from. Sums are derived from them, a session at a time.

mod inherited;
mod names;
mod reported;
mod sums;
mod terms;

pub use inherited::Inherited;
pub use reported::Reported;
pub use sums::{Sum, SumFilter};

use crate::error::StoreError;
use crate::store::{Changes, Reader, SessionKey};
use crate::tokens;
use foldhash::fast::FixedState;
use names::Names;
use rusqlite::{CachedStatement, Row, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::iter;
use std::sync::Arc;
use sums::{RecordNames, Touched};
use tacho_model::event::Sources;
use tacho_model::id::SessionId;
use tacho_model::money::Nanodollars;
use tacho_model::time::UnixNanos;
use tacho_model::usage::Usage;
use tacho_model::usage_record::{CallKey, Owner, ReportedCost, Terms, UsageRecord};

const COLUMNS: &str = "message, request, session, at_ns, is_sidechain, is_final, model, project, subagent, tools, \
     input, output, cache_read, cache_write_5m, cache_write_1h, thinking, web_searches, terms, cost_nanos, price, \
     price_table, is_absorbed, is_empty, sources";

/// What a call came to, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsagePrice {
    /// The amount; absent where there is no price.
    pub cost: Option<Nanodollars>,
    /// The rows of the price table; or why there is no price.
    pub basis: Option<Arc<str>>,
    /// Which state of the table it was.
    pub table: Option<Arc<str>>,
}

/// How far a transcript was read for what was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedFile {
    /// The file.
    pub path: String,
    /// Its inode.
    pub inode: u64,
    /// How far, in bytes.
    pub cursor: u64,
    /// A checksum of what stands before the cursor.
    pub mark: u32,
    /// Rows that say something of usage and could not be read.
    pub unreadable: u64,
}

impl Reader<'_> {
    /// How far each transcript was read for what was used.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn imported_files(&self) -> Result<Vec<ImportedFile>, StoreError> {
        let mut select =
            self.connection.prepare("SELECT path, inode, cursor, mark, unreadable FROM imported_files")?;
        let rows = select.query_map([], |row| {
            Ok(ImportedFile {
                path: row.get(0)?,
                inode: row.get::<_, i64>(1)?.cast_unsigned(),
                cursor: row.get::<_, i64>(2)?.cast_unsigned(),
                mark: row.get(3)?,
                unreadable: row.get::<_, i64>(4)?.cast_unsigned(),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Hands every record that counts on, with what it cost when it was priced.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_usage_record(
        &self,
        mut each: impl FnMut(UsageRecord, Option<Nanodollars>),
    ) -> Result<(), StoreError> {
        let names = Names::load(self.connection)?;
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT {COLUMNS}, session_keys.id FROM usage_records JOIN session_keys ON session_keys.key = session
             WHERE NOT is_absorbed"
        ))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let cost: Option<i64> = row.get(18)?;
            each(record(row, &names)?.0, cost.map(Nanodollars));
        }
        Ok(())
    }

    fn has_usage(&self) -> Result<bool, StoreError> {
        let exists = "SELECT EXISTS (SELECT 1 FROM usage_records)";
        Ok(self.connection.query_row(exists, [], |row| row.get(0))?)
    }

    fn has_usage_reports(&self) -> Result<bool, StoreError> {
        // What stands between the two begins as `CallKey::of_request` has it.
        let exists =
            "SELECT EXISTS (SELECT 1 FROM usage_records WHERE message > 'request:' AND message < 'request;')";
        Ok(self.connection.query_row(exists, [], |row| row.get(0))?)
    }
}

impl Changes<'_> {
    /// Begins to write what was used.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn usage(&self) -> Result<UsageWriter<'_>, StoreError> {
        Ok(UsageWriter {
            changes: self,
            names: Names::load(&self.transaction)?,
            sessions: HashMap::default(),
            find: self.prepare("SELECT 1 FROM usage_records WHERE message = ?1")?,
            replace: self.prepare(&format!(
                "INSERT OR REPLACE INTO usage_records ({COLUMNS}) VALUES
                 (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                  ?22, ?23, ?24)"
            ))?,
            is_first: !self.read().has_usage()?,
            has_reports: self.read().has_usage_reports()?,
            touched: BTreeMap::new(),
        })
    }
}

/// Writes what was used, within a transaction; [`UsageWriter::finish`] brings the sums up to date.
pub struct UsageWriter<'a> {
    changes: &'a Changes<'a>,
    names: Names,
    sessions: HashMap<SessionId, SessionKey, FixedState>,
    /// Finds a record of an answer.
    find: CachedStatement<'a>,
    /// Writes a record.
    replace: CachedStatement<'a>,
    /// Whether there were no records before.
    is_first: bool,
    /// Whether there are records that name nothing but a request.
    has_reports: bool,
    /// Sessions whose records changed.
    touched: BTreeMap<SessionKey, Touched>,
}

impl UsageWriter<'_> {
    /// Takes records in. `price` is asked for the price of each, once all that is known of the call has been merged.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put(
        &mut self,
        records: Vec<UsageRecord>,
        mut price: impl FnMut(&UsageRecord) -> UsagePrice,
    ) -> Result<(), StoreError> {
        let may_be_known = !std::mem::take(&mut self.is_first);
        let mut of_requests = Vec::new();
        for said in by_message(records) {
            let Some(first) = said.first() else { continue };
            if first.key.is_of_request() {
                of_requests.extend(said);
                continue;
            }
            let message = &first.key.message;
            let known = if may_be_known && self.find.exists([message])? {
                self.known(Wanted::Message(message))?
            } else {
                Vec::new()
            };
            let group = self.taken_in(known, said);
            let requests: BTreeSet<String> = if self.has_reports {
                group.iter().map(|record| record.key.request.clone()).collect()
            } else {
                BTreeSet::new()
            };
            self.put_settled(settled(group), &mut price)?;
            for request in requests {
                if self.is_reported(&request)? {
                    self.settle_request(Vec::new(), &request, &mut price)?;
                }
            }
        }
        for (request, said) in by_request(of_requests) {
            self.has_reports = true;
            self.settle_request(said, &request, &mut price)?;
        }
        Ok(())
    }

    /// Settles who counts of all that is known of a request: what names its answer, or what names nothing but it.
    fn settle_request(
        &mut self,
        said: Vec<UsageRecord>,
        request: &str,
        price: &mut impl FnMut(&UsageRecord) -> UsagePrice,
    ) -> Result<(), StoreError> {
        let known = self.known(Wanted::Request(request))?;
        let group = self.taken_in(known, said);
        self.put_settled(settled_by_request(group), price)
    }

    /// What is known with what is said now.
    fn taken_in(
        &mut self,
        known: Vec<(UsageRecord, SessionKey)>,
        said: Vec<UsageRecord>,
    ) -> Vec<UsageRecord> {
        let mut group = Vec::with_capacity(known.len() + said.len());
        for (record, session) in known {
            self.touched.insert(session, Touched::Replaced);
            group.push(record);
        }
        said.into_iter().for_each(|record| take_in(&mut group, record));
        group
    }

    fn put_settled(
        &mut self,
        settled: impl Iterator<Item = (UsageRecord, bool)>,
        price: &mut impl FnMut(&UsageRecord) -> UsagePrice,
    ) -> Result<(), StoreError> {
        for (record, is_absorbed) in settled {
            let price = if is_absorbed { UsagePrice::default() } else { price(&record) };
            let session = self.session(&record.owner.session)?;
            if !self.touched.contains_key(&session) {
                let touched = Touched::begin(self.changes, session)?;
                self.touched.insert(session, touched);
            }
            let names = self.replace(&record, is_absorbed, &price, session)?;
            if let Some(Touched::Begun(sums)) = self.touched.get_mut(&session).filter(|_| !is_absorbed) {
                sums.add_record(&record, names, price.cost);
            }
        }
        Ok(())
    }

    /// Notes what an agent said a session came to, instead of what it said before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_reported(&mut self, said: &ReportedCost) -> Result<(), StoreError> {
        let session = self.session(&said.session)?;
        self.changes.prepare("DELETE FROM reported_costs WHERE session = ?1")?.execute([session.0])?;
        let mut insert = self.changes.prepare(
            // Who names a model twice means the last.
            "INSERT OR REPLACE INTO reported_costs
                 (session, model, cost_nanos, has_guessed, input, output, cache_read, cache_write_5m,
                  cache_write_1h, thinking, web_searches)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        let sum = (None, said.cost, Usage::default(), None);
        let models = said
            .models
            .iter()
            .map(|model| (Some(&*model.model), model.cost, model.usage, model.web_searches));
        for (model, cost, usage, web_searches) in iter::once(sum).chain(models) {
            let [input, output, cache_read, cache_write_5m, cache_write_1h, thinking] =
                tokens::columns(usage);
            insert.execute(params![
                session.0,
                self.names.key(&self.changes.transaction, model)?,
                cost.0,
                said.has_guessed,
                input,
                output,
                cache_read,
                cache_write_5m,
                cache_write_1h,
                thinking,
                web_searches.map(u64::cast_signed),
            ])?;
        }
        Ok(())
    }

    /// Notes how far a transcript was read.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_file(&self, file: &ImportedFile) -> Result<(), StoreError> {
        let mut replace = self.changes.prepare(
            "INSERT OR REPLACE INTO imported_files (path, inode, cursor, mark, unreadable) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        replace.execute(params![
            file.path,
            file.inode.cast_signed(),
            file.cursor.cast_signed(),
            file.mark,
            file.unreadable.cast_signed()
        ])?;
        Ok(())
    }

    /// Sums up what changed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), StoreError> {
        self.changes.sum_usage(self.touched)
    }

    /// What is known of an answer or of a request, and whose each record is.
    fn known(&self, wanted: Wanted<'_>) -> Result<Vec<(UsageRecord, SessionKey)>, StoreError> {
        let (column, name) = match wanted {
            Wanted::Message(message) => ("message", message),
            Wanted::Request(request) => ("request", request),
        };
        let mut select = self.changes.prepare(&format!(
            "SELECT {COLUMNS}, session_keys.id FROM usage_records JOIN session_keys ON session_keys.key = session
             WHERE {column} = ?1"
        ))?;
        let rows = select.query_map([name], |row| record(row, &self.names))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a record names nothing but this request.
    fn is_reported(&self, request: &str) -> Result<bool, StoreError> {
        if request.is_empty() {
            return Ok(false);
        }
        let key = CallKey::of_request(request);
        let mut select =
            self.changes.prepare("SELECT 1 FROM usage_records WHERE message = ?1 AND request = ?2")?;
        Ok(select.exists([key.message, key.request])?)
    }

    fn session(&mut self, session: &SessionId) -> Result<SessionKey, StoreError> {
        if let Some(key) = self.sessions.get(session) {
            return Ok(*key);
        }
        let key = self.changes.key_of(session)?;
        self.sessions.insert(session.clone(), key);
        Ok(key)
    }

    /// Writes a record, and tells the numbers of its names.
    fn replace(
        &mut self,
        record: &UsageRecord,
        is_absorbed: bool,
        price: &UsagePrice,
        session: SessionKey,
    ) -> Result<RecordNames, StoreError> {
        let owner = &record.owner;
        let [input, output, cache_read, cache_write_5m, cache_write_1h, thinking] =
            tokens::columns(record.usage);
        let tools = record.tools.join("\n");
        let mut name = |text: Option<&str>| self.names.key(&self.changes.transaction, text);
        let names = RecordNames {
            model: name(owner.model.as_deref())?,
            project: name(owner.project.as_deref())?,
            subagent: name(owner.subagent.as_deref())?,
            tools: name(Some(&*tools).filter(|tools| !tools.is_empty()))?,
        };
        self.replace.execute(params![
            record.key.message,
            record.key.request,
            session.0,
            owner.at.0.cast_signed(),
            owner.is_sidechain,
            record.is_final,
            names.model,
            names.project,
            names.subagent,
            names.tools,
            input,
            output,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            thinking,
            record.terms.web_searches.map(u64::cast_signed),
            terms::text_of(&record.terms),
            price.cost.map(|cost| cost.0),
            name(price.basis.as_deref())?,
            name(price.table.as_deref())?,
            is_absorbed,
            owner.is_empty,
            record.sources.bits(),
        ])?;
        Ok(names)
    }
}

/// Which records are looked for.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    /// Those of an answer.
    Message(&'a str),
    /// Those of a request.
    Request(&'a str),
}

/// The records of each answer, in the order in which the table keeps them.
fn by_message(records: Vec<UsageRecord>) -> impl Iterator<Item = Vec<UsageRecord>> {
    // A record is too large to be moved about while sorting.
    let mut records: Vec<_> = records.into_iter().map(Box::new).collect();
    records.sort_unstable_by(|left, right| left.key.cmp(&right.key));
    let mut records = records.into_iter().peekable();
    iter::from_fn(move || {
        let mut group = vec![*records.next()?];
        let is_same = |group: &[UsageRecord], record: &UsageRecord| {
            group.last().is_some_and(|last| last.key.message == record.key.message)
        };
        while let Some(record) = records.next_if(|record| is_same(&group, record)) {
            group.push(*record);
        }
        Some(group)
    })
}

/// The records that name nothing but a request, by request.
fn by_request(records: Vec<UsageRecord>) -> BTreeMap<String, Vec<UsageRecord>> {
    let mut groups = BTreeMap::<String, Vec<UsageRecord>>::new();
    for record in records {
        groups.entry(record.key.request.clone()).or_default().push(record);
    }
    groups
}

/// Puts a record among others, or into that of the same call.
fn take_in(group: &mut Vec<UsageRecord>, record: UsageRecord) {
    match group.iter_mut().find(|known| known.key == record.key) {
        Some(known) => known.merge(record),
        None => group.push(record),
    }
}

/// The records of one answer, and whether each counts for nothing. One that names no request speaks of every request of
/// the answer; alone, it counts itself.
fn settled(mut group: Vec<UsageRecord>) -> impl Iterator<Item = (UsageRecord, bool)> {
    let unnamed =
        group.iter().position(|record| record.key.request.is_empty()).map(|at| group.swap_remove(at));
    let is_absorbed = !group.is_empty();
    if let Some(unnamed) = &unnamed {
        group.iter_mut().for_each(|record| record.merge(unnamed.clone()));
    }
    let named = group.into_iter().map(|record| (record, false));
    named.chain(unnamed.map(|record| (record, is_absorbed)))
}

/// The records of one request, and whether each counts for nothing. One that names nothing but the request speaks of
/// the answer to it, so it counts only while no other says what was used, and then instead of those. Whose the call was
/// the others know better: they say for which project, and each copy of them says so.
fn settled_by_request(mut group: Vec<UsageRecord>) -> impl Iterator<Item = (UsageRecord, bool)> {
    let report = group.iter().position(|record| record.key.is_of_request()).map(|at| group.swap_remove(at));
    let is_absorbed = group.iter().any(|record| !record.usage.is_empty());
    let answers = group.into_iter().map({
        let report = report.clone();
        move |mut record| match &report {
            Some(report) if !record.usage.is_empty() => {
                record.merge(UsageRecord { owner: record.owner.clone(), ..report.clone() });
                (record, false)
            }
            Some(report) => (record, !report.usage.is_empty()),
            None => (record, false),
        }
    });
    answers.chain(report.map(|report| (report, is_absorbed)))
}

fn record(row: &Row<'_>, names: &Names) -> rusqlite::Result<(UsageRecord, SessionKey)> {
    let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned));
    let name = |column| Ok::<_, rusqlite::Error>(names.text(row.get(column)?));
    let usage = tokens::usage_at(row, 10)?;
    let terms: Option<String> = row.get(17)?;
    let tools = name(9)?;
    let record = UsageRecord {
        key: CallKey { message: row.get(0)?, request: row.get(1)? },
        owner: Owner {
            is_sidechain: row.get(4)?,
            is_empty: row.get(22)?,
            at: UnixNanos(row.get::<_, i64>(3)?.cast_unsigned()),
            session: SessionId::from(row.get::<_, String>(24)?),
            subagent: name(8)?,
            project: name(7)?,
            model: name(6)?,
        },
        usage,
        terms: Terms { web_searches: count(16)?, ..terms::terms_of(terms.as_deref()) },
        tools: tools.iter().flat_map(|tools| tools.lines()).map(str::to_owned).collect(),
        is_final: row.get(5)?,
        sources: Sources::from_bits(row.get(23)?),
    };
    Ok((record, SessionKey(row.get(2)?)))
}
