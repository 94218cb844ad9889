//! What every provider must do: a check for each numbered rule of [`Provider`]'s docs.

use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use sse_hub::{
    Ack, Draft, Event, EventType, Topic,
    provider::{
        AppendErrorKind, Appended, BoxFuture, Page, Provider, ProviderError, Record, Tail, TailItem,
    },
};

use super::client::Flag;

/// A provider under test, and what it can be made to suffer.
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever tests a provider says all of it"
)]
pub struct Candidate {
    /// The provider, with an empty log.
    pub provider: Arc<dyn Provider>,
    /// Lets its tails tell all that there is.
    pub settle: Box<dyn Fn()>,
    /// Makes the next appends fail, until [`recover`](Self::recover) is called.
    pub fail: Option<Box<dyn Fn()>>,
    /// Ends what [`fail`](Self::fail) began.
    pub recover: Option<Box<dyn Fn()>>,
    /// Loses the last entry after it was acknowledged, and before a tail told it.
    pub lose_the_last: Option<Box<dyn Fn()>>,
    /// Replaces the last entry's lineage, as a fail-over does that lost it.
    pub fork: Option<Box<dyn Fn()>>,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").finish_non_exhaustive()
    }
}

/// One rule of the trait's docs.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// Its number there.
    pub number: u8,
    /// What it asks for.
    pub name: &'static str,
    check: fn(&Candidate) -> Result<(), String>,
}

impl Rule {
    /// Checks a fresh provider.
    ///
    /// # Errors
    /// What it does that it must not.
    pub fn check(&self, candidate: &Candidate) -> Result<(), String> {
        (self.check)(candidate)
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.number, self.name)
    }
}

/// All of them.
pub const RULES: &[Rule] = &[
    rule(1, "sequences strictly increase", sequences),
    rule(2, "a nonce is not 0, differs and stays", nonces),
    rule(
        3,
        "the tail alone shows entries, in order and once",
        visibility,
    ),
    rule(4, "a failed append leaves nothing behind", failure),
    rule(
        5,
        "an idempotency key gives the first position again",
        idempotency,
    ),
    rule(6, "a page tells how far it looked", pages),
    rule(
        7,
        "the epoch changes where entries may be replaced",
        lineage,
    ),
    rule(8, "entries that are missing are told as a hole", holes),
    rule(9, "no call blocks and none panics", liveliness),
    rule(10, "what is left out is of none of the topics", topics),
];

const fn rule(number: u8, name: &'static str, check: fn(&Candidate) -> Result<(), String>) -> Rule {
    Rule {
        number,
        name,
        check,
    }
}

const COUNT: usize = 40;

fn sequences(candidate: &Candidate) -> Result<(), String> {
    let mut tail = candidate.tail();
    let appended = candidate.append(drafts(COUNT))?;
    let told = candidate.told(&mut tail)?;
    let rise = |seqs: Vec<u64>| seqs.windows(2).all(|pair| pair[0] < pair[1]);
    ensure(
        rise(appended.iter().map(|it| it.seq).collect()),
        "answers do not increase",
    )?;
    ensure(
        rise(told.iter().map(|it| it.seq).collect()),
        "the tail does not increase",
    )
}

fn nonces(candidate: &Candidate) -> Result<(), String> {
    let mut tail = candidate.tail();
    let appended = candidate.append(drafts(COUNT))?;
    let told = candidate.told(&mut tail)?;
    ensure(appended.iter().all(|it| it.nonce != 0), "a nonce is 0")?;
    let different: BTreeSet<u32> = appended.iter().map(|it| it.nonce).collect();
    ensure(different.len() == COUNT, "nonces repeat")?;
    let same = |(answer, record): (&Appended, &Record)| {
        (answer.seq, answer.nonce) == (record.seq, record.nonce)
    };
    ensure(
        appended.iter().zip(&told).all(same),
        "the tail has other nonces than the answers",
    )?;
    let read = candidate.read_all()?;
    ensure(
        read.is_empty() || appended.iter().zip(&read).all(same),
        "a page has other nonces than the answers",
    )
}

fn visibility(candidate: &Candidate) -> Result<(), String> {
    let mut tail = candidate.tail();
    ensure(
        candidate.told(&mut tail)?.is_empty(),
        "the tail tells of nothing",
    )?;
    let drafts = drafts(COUNT);
    let appended = candidate.append(drafts.clone())?;
    let told = candidate.told(&mut tail)?;
    let seqs = |it: &Record| it.seq;
    ensure(
        told.iter().map(seqs).eq(appended.iter().map(|it| it.seq)),
        "the tail does not tell each entry once and in order",
    )?;
    ensure(
        told.iter().map(|it| &it.draft).eq(&drafts),
        "the tail tells other entries than were appended",
    )?;
    ensure(
        candidate.told(&mut tail)?.is_empty(),
        "the tail repeats itself",
    )?;
    let highest = candidate.provider.capabilities().ack;
    for ack in [Ack::Replicated, Ack::Durable]
        .into_iter()
        .filter(|&ack| ack > highest)
    {
        let answers = now(candidate.provider.append(self::drafts(2), ack))?;
        let refused = |it: &Result<Appended, _>| {
            it.as_ref()
                .is_err_and(|error: &sse_hub::provider::AppendError| {
                    error.kind() == AppendErrorKind::Unsupported
                })
        };
        ensure(
            answers.iter().all(refused),
            "an acknowledgement beyond its means is promised",
        )?;
        ensure(
            candidate.told(&mut tail)?.is_empty(),
            "what was refused is visible",
        )?;
    }
    Ok(())
}

fn failure(candidate: &Candidate) -> Result<(), String> {
    let (Some(fail), Some(recover)) = (&candidate.fail, &candidate.recover) else {
        return Ok(());
    };
    let mut tail = candidate.tail();
    fail();
    let answers = now(candidate.provider.append(drafts(3), Ack::Accepted))?;
    ensure(
        answers.iter().all(Result::is_err),
        "an append that failed is acknowledged",
    )?;
    let may_be_there = answers
        .iter()
        .filter_map(|it| it.as_ref().err())
        .any(|error| error.kind() == AppendErrorKind::OutcomeUnknown);
    recover();
    let told = candidate.told(&mut tail)?;
    ensure(
        may_be_there || told.is_empty(),
        "an append that failed is there",
    )
}

fn idempotency(candidate: &Candidate) -> Result<(), String> {
    let mut tail = candidate.tail();
    let mut batch = drafts(3);
    batch[0].idempotency_key = Some("once".into());
    batch[2].idempotency_key = Some("once".into());
    let first = candidate.append(batch.clone())?;
    let again = candidate.append(vec![batch[2].clone()])?;
    let place = |it: &Appended| (it.seq, it.nonce);
    ensure(
        !first[0].duplicate && !first[1].duplicate,
        "the first is called a duplicate",
    )?;
    for repeated in [&first[2], &again[0]] {
        ensure(repeated.duplicate, "a repetition is not called a duplicate")?;
        ensure(
            place(repeated) == place(&first[0]),
            "a repetition has another position",
        )?;
    }
    ensure(
        candidate.told(&mut tail)?.len() == 2,
        "a repetition is an entry of its own",
    )
}

fn pages(candidate: &Candidate) -> Result<(), String> {
    let drafts = drafts(COUNT);
    let appended = candidate.append(drafts.clone())?;
    let read = candidate.read_all()?;
    if !candidate.provider.capabilities().replay {
        return ensure(read.is_empty(), "it has what it says that it does not have");
    }
    ensure(
        read.iter()
            .map(|it| it.seq)
            .eq(appended.iter().map(|it| it.seq)),
        "pages do not give each entry once and in order",
    )?;
    ensure(
        read.iter().map(|it| &it.draft).eq(&drafts),
        "pages give other entries than were appended",
    )
}

fn topics(candidate: &Candidate) -> Result<(), String> {
    let provider = &candidate.provider;
    let draft = |number: usize| {
        let topics: Vec<_> = match number % 5 {
            0 => vec!["a"],
            1 => vec!["b"],
            2 => vec!["b", "a"],
            _ => vec!["c"],
        };
        Draft::new(topics, Event::new(number.to_string())).map_err(|it| it.to_string())
    };
    let drafts = (0..COUNT).map(draft).collect::<Result<_, _>>()?;
    let appended = candidate.append(drafts)?;
    let through = appended.last().map_or(0, |it| it.seq);
    if !provider.capabilities().replay {
        return Ok(());
    }
    for names in [&["a"][..], &["a", "b"], &["nobody's"]] {
        let topics: Vec<Topic> = names
            .iter()
            .filter_map(|it| (*it).try_into().ok())
            .collect();
        let is_asked_for = |it: &Record| it.draft.topics.iter().any(|it| topics.contains(it));
        let mut all = candidate.read_all()?;
        all.retain(is_asked_for);
        let mut left = Candidate::pages(through, |from| provider.read_topics(&topics, from, 7))?;
        ensure(
            !provider.capabilities().by_topic || left.iter().all(is_asked_for),
            "a page has entries of other topics",
        )?;
        left.retain(is_asked_for);
        ensure(left == all, "a page leaves out what is asked for")?;
        ensure(
            provider.trimmed(&topics) < provider.status().first,
            "what is held counts as trimmed",
        )?;
    }
    Ok(())
}

fn lineage(candidate: &Candidate) -> Result<(), String> {
    let Some(fork) = &candidate.fork else {
        return Ok(());
    };
    let mut tail = candidate.tail();
    candidate.append(drafts(5))?;
    (candidate.settle)();
    let before = candidate.provider.status();
    fork();
    let appended = candidate.append(drafts(1))?;
    let after = candidate.provider.status();
    ensure(after.epoch != before.epoch, "the epoch stays")?;
    ensure(
        after
            .ancestors
            .iter()
            .any(|it| it.epoch == before.epoch && it.fork_at == after.epoch_start),
        "the old epoch is no ancestor",
    )?;
    let items = candidate.items(&mut tail)?;
    let change = items
        .iter()
        .position(|it| matches!(it, TailItem::EpochChanged { .. }));
    let is_new = |it: &TailItem| matches!(it, TailItem::Batch(records) if records.iter().any(|it| it.nonce == appended[0].nonce));
    let new = items.iter().position(is_new);
    ensure(
        change.is_some() && change < new,
        "the tail does not tell of the epoch first",
    )
}

fn holes(candidate: &Candidate) -> Result<(), String> {
    let Some(lose_the_last) = &candidate.lose_the_last else {
        return Ok(());
    };
    let mut tail = candidate.tail();
    let appended = candidate.append(drafts(1))?;
    let lost = appended[0].seq;
    lose_the_last();
    let items = candidate.items(&mut tail)?;
    let told =
        |it: &TailItem| matches!(it, TailItem::Hole { from, to } if (*from..=*to).contains(&lost));
    ensure(
        items.iter().any(told),
        "what is missing is not told as a hole",
    )
}

fn liveliness(candidate: &Candidate) -> Result<(), String> {
    let provider = &candidate.provider;
    let mut tail = candidate.tail();
    let flag = Flag::raised();
    flag.lower();
    let waker = flag.waker();
    ensure(
        tail.as_mut()
            .poll_next(&mut Context::from_waker(&waker))
            .is_pending(),
        "the tail of an empty log does not wait",
    )?;
    let appended = candidate.append(drafts(1))?;
    (candidate.settle)();
    ensure(flag.is_up(), "whoever waits for the tail is not woken")?;
    let head = now(provider.head())?.map_err(|error| error.to_string())?;
    ensure(
        head >= appended[0].seq,
        "the head is behind what was acknowledged",
    )?;
    for from in [0, 1, head, head + 1, u64::MAX] {
        for limit in [0, 1, usize::MAX] {
            now(provider.read(from, limit))?.map_err(|error| error.to_string())?;
        }
    }
    let none = now(provider.append(Vec::new(), Ack::Accepted))?;
    ensure(none.is_empty(), "nothing is answered with something")
}

impl Candidate {
    fn tail(&self) -> Tail {
        self.provider.tail(self.provider.status().head)
    }

    fn append(&self, batch: Vec<Draft>) -> Result<Vec<Appended>, String> {
        let answers = now(self.provider.append(batch, Ack::Accepted))?;
        answers
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    }

    fn items(&self, tail: &mut Tail) -> Result<Vec<TailItem>, String> {
        (self.settle)();
        let mut items = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match tail.as_mut().poll_next(&mut cx) {
                Poll::Ready(Some(item)) => items.push(item),
                Poll::Ready(None) => return Err("the tail ends".into()),
                Poll::Pending => return Ok(items),
            }
        }
    }

    fn told(&self, tail: &mut Tail) -> Result<Vec<Record>, String> {
        let entries = self.items(tail)?.into_iter().flat_map(|item| match item {
            TailItem::Batch(records) => records,
            _ => Vec::new(),
        });
        Ok(entries.collect())
    }

    fn read_all(&self) -> Result<Vec<Record>, String> {
        Self::pages(0, |from| self.provider.read(from, 7))
    }

    /// Reads until there is nothing more behind `through`.
    fn pages<'a>(
        through: u64,
        read_from: impl Fn(u64) -> BoxFuture<'a, Result<Page, ProviderError>>,
    ) -> Result<Vec<Record>, String> {
        let (mut from, mut read) = (1, Vec::new());
        loop {
            let page = now(read_from(from))?.map_err(|error| error.to_string())?;
            ensure(
                page.records.len() <= 7,
                "a page is longer than was asked for",
            )?;
            let within = |it: &Record| (from..=page.scanned_through).contains(&it.seq);
            ensure(
                page.records.iter().all(within),
                "a page has what it did not look at",
            )?;
            let is_behind = page.records.is_empty() && page.scanned_through >= through;
            let is_last = page.scanned_through < from || is_behind;
            read.extend(page.records);
            if is_last {
                return Ok(read);
            }
            from = page.scanned_through + 1;
        }
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

/// What a future gives that may ask to be polled again, and not be waited for.
fn now<T>(mut future: Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Result<T, String> {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
            return Ok(value);
        }
        std::thread::yield_now();
    }
    Err("a call does not come to its end".into())
}

/// What a hub hands to its provider for so many publications, with all that an entry can bear.
fn drafts(count: usize) -> Vec<Draft> {
    let draft = |number: usize| {
        let event = Event::new(format!("p{number}\n<")).event(EventType::from_static("sort"));
        let event = event.try_id(format!("own {number}")).unwrap_or_default();
        let draft = Draft::new(["a", "b/c"], event).ok()?;
        let draft = draft.key("key").time_to_live(Duration::from_secs(3600));
        Some(draft.attachment(vec![0, 255, b'\n']))
    };
    (0..count).filter_map(draft).collect()
}
