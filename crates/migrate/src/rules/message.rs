//! Rules of messages.

use super::group::{GroupState, Standing};
use super::values::DROPPED;
use super::values::{account, fault, is_future};
use super::{Checker, Entry, FaultCode, body, defaults};
use crate::fault::Fault;
use crate::format::{Message, address, custom, identity};
use landfall_domain::element;
use landfall_domain::time::Timestamp;

/// What a message carries beside its body takes at most so many bytes, besides its texts.
const CARRIED_BYTES: usize = 1_024;
/// A byte becomes six at most when it is written in JSON.
const ESCAPED: usize = 6;

impl Checker {
    pub(super) fn message(&mut self, record: &Message, entry: &Entry, faults: &mut Vec<Fault>) {
        for key in address::files(&record.msg_body) {
            if !self.files.may_contain(&address::name(&record.src, &key)) {
                let problem =
                    format!("no file record has the key {key:?}, which an address of MsgBody names");
                faults.push(fault(FaultCode::NoSuchFile, "MsgBody", problem));
            }
        }
        match record.receiver() {
            Some(to) => self.direct(record, to, faults),
            None => self.group(entry).message(record, faults),
        }
    }
}

impl GroupState {
    fn message(&mut self, record: &Message, faults: &mut Vec<Fault>) {
        self.is_there(record.topic_id.as_deref(), faults);
        account(faults, "From_Account", &record.from);
        self.time(record, faults);
        content(record, self.server.limits.messages.bytes, faults);
        if !self.messages.insert(&identity::identity(record)) {
            let problem = if record.key.is_empty() {
                "another message has the same sender, time and content, and neither has a key"
            } else {
                "another message has the same src and key"
            };
            faults.push(fault(FaultCode::Duplicate, "key", problem).fix(DROPPED));
        }
    }

    fn time(&self, record: &Message, faults: &mut Vec<Fault>) {
        let Some(sent) = time(record, self.server.now, faults) else { return };
        if sent <= self.created && self.standing != Standing::Missing {
            let problem =
                format!("SendTime is {sent}, which is not after CreateTime of the group ({})", self.created);
            let fault = fault(FaultCode::BadTime, "SendTime", problem);
            let becomes = self.created_early_enough;
            let fix = (becomes < sent).then(|| format!("CreateTime of the group becomes {becomes}"));
            faults.push(Fault { fix, ..fault });
        }
    }
}

/// When a message was sent, seconds since 1970; `None` where that has a fault.
pub(super) fn time(record: &Message, now: Timestamp, faults: &mut Vec<Fault>) -> Option<u64> {
    let Some(sent) = defaults::given(record.sent()) else {
        faults.push(fault(FaultCode::Missing, "SendTime", "SendTime is missing, and ts_ms too"));
        return None;
    };
    if let Some(ms) = record.ts_ms
        && ms / 1_000 != sent
    {
        let problem = format!("SendTime is {sent}, but ts_ms {ms} is another second");
        let fix = format!("SendTime becomes {}", ms / 1_000);
        faults.push(fault(FaultCode::BadTime, "SendTime", problem).fix(fix));
        return None;
    }
    if is_future(sent, now) {
        let problem = format!("SendTime is {sent}, which is not before now ({})", now.0);
        let fix = format!("SendTime becomes {}", now.0.saturating_sub(1));
        faults.push(fault(FaultCode::BadTime, "SendTime", problem).fix(fix));
        return None;
    }
    Some(sent)
}

/// What a message says. `max`: bytes of a body and its custom data.
pub(super) fn content(record: &Message, max: usize, faults: &mut Vec<Fault>) {
    let elements = record.msg_body.as_str();
    if let Err(problem) = body::check(elements) {
        faults.push(fault(FaultCode::MessageBody, problem.place, problem.text));
    }
    let bytes = bytes(record, max);
    if max < bytes {
        let problem =
            format!("MsgBody and CloudCustomData are {bytes} bytes long; at most {max} are allowed");
        let fault = fault(FaultCode::MessageTooLong, "MsgBody", problem).limit(max);
        let fix = body::can_be_split(elements);
        faults.push(Fault { fix: fix.then(|| "the message is split into several".to_owned()), ..fault });
    }
}

/// Bytes of a message as it is imported, without what may be left out. An estimate that is too high where it fits anyway.
fn bytes(record: &Message, max: usize) -> usize {
    let body = element::size(record.msg_body.as_str());
    let texts = [&record.cloud_custom_data, &record.thread, &record.reply_to];
    let texts: usize = texts.into_iter().flatten().map(String::len).sum();
    let reactions = record.reactions.iter().map(|reaction| {
        16 + reaction.name.len() + reaction.accounts.iter().map(|account| 3 + account.len()).sum::<usize>()
    });
    let escaped = ESCAPED * (texts + record.src.len() + record.key.len() + reactions.sum::<usize>());
    let estimate = body + escaped + record.x.as_ref().map_or(0, |x| x.as_str().len()) + CARRIED_BYTES;
    if estimate <= max {
        return estimate;
    }
    let folded = custom::fold(record, max.saturating_sub(body));
    body + folded.text.map_or(0, |text| text.len())
}
