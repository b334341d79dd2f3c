//! Reads [`Config`] from the tree of settings.

use super::events::events;
use super::files::files;
use super::problem::{Problem, Problems};
use super::secrets::secret;
use super::section::{Item, Section};
use super::source::Node;
use super::webhook::webhook;
use super::{
    AppConfig, ClientsConfig, Config, ConsoleConfig, FilesPlace, HttpConfig, LimitsConfig, LogConfig,
    LogFormat, StoreUrl, TlsConfig, level, paths,
};
use crate::network::{self, Exempt};
use crate::usersig::SecretKey;
use landfall_domain::account::UnknownAccounts;
use landfall_domain::fields::{FieldKey, FieldRule, UserFieldRule};
use landfall_domain::group::GroupType;
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::limits::Limits;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A day: longer waits are a mistake. 0 would close every connection at once.
const SECONDS_MAX: i64 = 86_400;

/// Custom fields of accounts, and of friends, that an app can switch on. The imitated service has 20.
const USER_FIELDS_MAX: usize = 100;

/// A hundred years; 0 keeps messages forever.
const MESSAGE_DAYS_MAX: i64 = 36_500;

/// Reads everything, whatever the problems; relative paths start at `folder`. `None` when a setting is unusable;
/// its problem is recorded.
pub(super) fn config(root: Node, folder: &Path, problems: &Problems) -> Option<Config> {
    let mut root = Section::root(root, folder, problems)?;
    // Each part is read before the first `?`, so that one problem hides no other.
    let listen = root.required("listen").and_then(|item| address(&item));
    let metrics = section(&mut root, "metrics", metrics);
    let console = section(&mut root, "console", console);
    let store = section(&mut root, "store", store);
    let imports = section(&mut root, "imports", imports);
    let events = section(&mut root, "events", events);
    let apps = apps(&mut root, problems);
    let limits = section(&mut root, "limits", limits);
    let unknown_accounts = section(&mut root, "accounts", unknown_accounts);
    let tls = match root.optional("tls") {
        Some(item) => read(item, tls).map(Some),
        None => Some(None),
    };
    let http = section(&mut root, "http", http);
    let clients = section(&mut root, "clients", clients);
    let files = section(&mut root, "files", files);
    let log = section(&mut root, "log", log);
    if let (Some(StoreUrl::Embedded(store)), Some(files)) = (&store, &files)
        && let FilesPlace::Directory(directory) = &files.place
        && directory.starts_with(store)
    {
        // It would find files in its directory that are not its own.
        root.refuse("files.url", "must not lead into the directory of the store".to_owned());
    }
    root.finish();
    Some(Config {
        listen: listen?,
        metrics: metrics?,
        console: console?,
        store: store?,
        imports: imports?,
        events: events?,
        apps: apps?,
        limits: limits?,
        unknown_accounts: unknown_accounts?,
        tls: tls?,
        http: http?,
        clients: clients?,
        files: files?,
        log: log?,
    })
}

/// Reads the section called `key`, then records its unknown keys.
fn section<T>(
    parent: &mut Section<'_>,
    key: &'static str,
    fill: impl FnOnce(&mut Section<'_>) -> Option<T>,
) -> Option<T> {
    read(parent.required(key)?, fill)
}

fn read<T>(item: Item<'_>, fill: impl FnOnce(&mut Section<'_>) -> Option<T>) -> Option<T> {
    let mut section = item.section()?;
    let filled = fill(&mut section);
    section.finish();
    filled
}

fn address(item: &Item<'_>) -> Option<SocketAddr> {
    let allowed = "an IP address and a port, such as \"127.0.0.1:8080\" or \"[::]:8080\"";
    item.parse(allowed, |text| text.parse().ok())
}

/// `Some(None)`: metrics are not served.
fn metrics(section: &mut Section<'_>) -> Option<Option<SocketAddr>> {
    own_address(section)
}

/// The address under `listen`; `Some(None)` when it is empty.
fn own_address(section: &mut Section<'_>) -> Option<Option<SocketAddr>> {
    let item = section.required("listen")?;
    if item.text()?.is_empty() { Some(None) } else { address(&item).map(Some) }
}

fn console(section: &mut Section<'_>) -> Option<ConsoleConfig> {
    let enabled = section.required("enabled").and_then(Item::flag);
    let listen = own_address(section);
    Some(ConsoleConfig { enabled: enabled?, listen: listen?, first_password: None })
}

fn store(section: &mut Section<'_>) -> Option<StoreUrl> {
    let url = section.required("url").and_then(|item| {
        let parsed = StoreUrl::parse(item.text()?).and_then(|url| paths::store(url, item.folder()));
        parsed.map_err(|problem| item.refuse(problem)).ok()
    });
    // At least two: one receives notifications of other servers, and one works.
    let connections = section.required("connections").and_then(|item| item.whole_number::<usize>(2..=1_000));
    let (url, connections) = (url?, connections?);
    Some(match url {
        StoreUrl::Embedded(directory) => StoreUrl::Embedded(directory),
        StoreUrl::Postgres(settings) => StoreUrl::Postgres(Box::new(settings.with_connections(connections))),
    })
}

/// `Some(None)`: where the store keeps its own.
fn imports(section: &mut Section<'_>) -> Option<Option<PathBuf>> {
    let item = section.required("directory")?;
    if item.text()?.is_empty() { Some(None) } else { paths::path(&item).map(Some) }
}

fn limits(section: &mut Section<'_>) -> Option<LimitsConfig> {
    let limits = section
        .required("mode")
        .and_then(|item| item.choice(&[("faithful", Limits::FAITHFUL), ("relaxed", Limits::RELAXED)]));
    let calls_per_second =
        section.required("calls_per_second").and_then(|item| item.whole_number(0..=i64::from(u32::MAX)));
    let shared = section.required("shared").and_then(Item::flag);
    Some(LimitsConfig { limits: limits?, calls_per_second: calls_per_second?, shared: shared? })
}

fn unknown_accounts(section: &mut Section<'_>) -> Option<UnknownAccounts> {
    section
        .required("unknown")?
        .choice(&[("create", UnknownAccounts::Create), ("refuse", UnknownAccounts::Refuse)])
}

fn tls(section: &mut Section<'_>) -> Option<TlsConfig> {
    let cert = section.required("cert").and_then(|item| paths::path(&item));
    let key = section.required("key").and_then(|item| paths::path(&item));
    Some(TlsConfig { cert: cert?, key: key? })
}

fn http(section: &mut Section<'_>) -> Option<HttpConfig> {
    let mut number = |key, allowed| section.required(key)?.whole_number::<u64>(allowed);
    // Less than 64 KiB would refuse documented calls; more than 1 GiB is a mistake in the unit.
    let body_bytes_max = number("body_bytes_max", 65_536..=1 << 30);
    let connections_max = number("connections_max", 1..=1_000_000);
    let connections_per_address_max = number("connections_per_address_max", 1..=1_000_000);
    let head_seconds_max = number("head_seconds_max", 1..=SECONDS_MAX);
    let body_seconds_max = number("body_seconds_max", 1..=SECONDS_MAX);
    let idle_seconds_max = number("idle_seconds_max", 1..=SECONDS_MAX);
    let drain_seconds_max = number("drain_seconds_max", 0..=SECONDS_MAX);
    let exempt_addresses = section.required("exempt_addresses").and_then(exempt_addresses);
    Some(HttpConfig {
        body_bytes_max: usize::try_from(body_bytes_max?).ok()?,
        connections_max: usize::try_from(connections_max?).ok()?,
        connections_per_address_max: usize::try_from(connections_per_address_max?).ok()?,
        exempt_addresses: exempt_addresses?,
        head_seconds_max: head_seconds_max?,
        body_seconds_max: body_seconds_max?,
        idle_seconds_max: idle_seconds_max?,
        drain_seconds_max: drain_seconds_max?,
    })
}

fn exempt_addresses(item: Item<'_>) -> Option<Exempt> {
    let items = item.list()?;
    let networks = items
        .iter()
        .map(|item| item.parse("an IP address, or a network such as \"10.1.0.0/16\"", network::parse));
    networks.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>().map(Exempt::new)
}

fn clients(section: &mut Section<'_>) -> Option<ClientsConfig> {
    let connections_max = section.required("connections_max")?.whole_number(1..=1_000_000)?;
    Some(ClientsConfig { connections_max })
}

fn log(section: &mut Section<'_>) -> Option<LogConfig> {
    let format = section
        .required("format")
        .and_then(|item| item.choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]));
    let level = section
        .required("level")
        .and_then(|item| level::parse(item.text()?).map_err(|problem| item.refuse(problem)).ok());
    Some(LogConfig { format: format?, level: level? })
}

fn apps(root: &mut Section<'_>, problems: &Problems) -> Option<Vec<AppConfig>> {
    let items = match root.optional("app") {
        Some(item) => item.list()?,
        None => Vec::new(),
    };
    if items.is_empty() {
        let text = "at least one [[app]] is needed, with sdk_app_id and secret_key".to_owned();
        problems.add(Problem::unplaced("app", text));
        return None;
    }
    let mut taken = BTreeMap::new();
    let apps: Vec<Option<AppConfig>> =
        items.into_iter().map(|item| read(item, |section| app(section, &mut taken))).collect();
    apps.into_iter().collect()
}

/// Reads one app. `taken` holds the numbers of the apps before it, with the path of each.
fn app(section: &mut Section<'_>, taken: &mut BTreeMap<AppId, String>) -> Option<AppConfig> {
    let id = section.required("sdk_app_id").and_then(|item| app_id(item, taken));
    let key = secret_key(section);
    let admins = match section.optional("admins") {
        Some(item) => admins(item),
        None => UserId::parse("administrator").map(|admin| vec![admin]),
    };
    let mut keys = BTreeMap::new();
    let group_fields = fields(section, "group_fields", &mut keys);
    let member_fields = fields(section, "member_fields", &mut keys);
    let user_fields = user_fields(section, "user_fields");
    let friend_fields = self::user_fields(section, "friend_fields");
    let message_days = match section.optional("message_days") {
        Some(item) => item.whole_number(0..=MESSAGE_DAYS_MAX),
        None => Some(0),
    };
    let webhook = match section.optional("webhook") {
        Some(item) => read(item, webhook).map(Some),
        None => Some(None),
    };
    Some(AppConfig {
        id: id?,
        key: key?,
        admins: admins?,
        group_fields: group_fields?,
        member_fields: member_fields?,
        user_fields: user_fields?,
        friend_fields: friend_fields?,
        message_days: message_days?,
        webhook: webhook?,
    })
}

fn app_id(item: Item<'_>, taken: &mut BTreeMap<AppId, String>) -> Option<AppId> {
    let location = item.location();
    let id = AppId(item.whole_number(1..=i64::from(u32::MAX))?);
    if let Some(first) = taken.get(&id) {
        location.refuse(format!("{id} is already the number of {first}"));
        return None;
    }
    taken.insert(id, location.path().to_owned());
    Some(id)
}

fn secret_key(section: &mut Section<'_>) -> Option<SecretKey> {
    let key = secret(section, "secret_key", "secret_key_file", SecretKey::new)?;
    if key.is_none() {
        section.refuse("secret_key", "is missing; give it, or secret_key_file".to_owned());
    }
    key
}

fn admins(item: Item<'_>) -> Option<Vec<UserId>> {
    let location = item.location();
    let items = item.list()?;
    if items.is_empty() {
        location.refuse("must name at least one account; nobody could call the API".to_owned());
    }
    let mut taken = BTreeMap::new();
    let admins: Vec<Option<UserId>> = items.iter().map(|item| admin(item, &mut taken)).collect();
    admins.into_iter().collect()
}

/// Reads one administrator. `taken` holds those before it, with the path of each.
fn admin(item: &Item<'_>, taken: &mut BTreeMap<UserId, String>) -> Option<UserId> {
    let admin = item.parse(
        "an account name: 1 to 32 printable ASCII characters, without white space at its ends",
        |text| UserId::parse(text).filter(|_| text.trim() == text),
    )?;
    if let Some(first) = taken.get(&admin) {
        item.refuse(format!("{admin} is already {first}"));
        return None;
    }
    taken.insert(admin.clone(), item.path().to_owned());
    Some(admin)
}

/// Reads a list of custom fields. `keys` holds the field names of the app so far, with the path of each, because
/// group and member fields must differ. [doc]
fn fields(
    section: &mut Section<'_>,
    name: &'static str,
    keys: &mut BTreeMap<FieldKey, String>,
) -> Option<Vec<FieldRule>> {
    let Some(item) = section.optional(name) else { return Some(Vec::new()) };
    let rules: Vec<Option<FieldRule>> =
        item.list()?.into_iter().map(|item| read(item, |section| field(section, keys))).collect();
    rules.into_iter().collect()
}

fn field(section: &mut Section<'_>, keys: &mut BTreeMap<FieldKey, String>) -> Option<FieldRule> {
    let key = section.required("key").and_then(|item| field_key(&item, keys));
    let types = section.required("types").and_then(group_types);
    let writable = match section.optional("writable") {
        Some(item) => item.flag(),
        None => Some(true),
    };
    Some(FieldRule { key: key?, types: types?, writable: writable? })
}

/// Reads the custom fields of accounts, or of friends, at most as many as they can have.
fn user_fields(section: &mut Section<'_>, name: &'static str) -> Option<Vec<UserFieldRule>> {
    let Some(item) = section.optional(name) else { return Some(Vec::new()) };
    let (location, items) = (item.location(), item.list()?);
    if USER_FIELDS_MAX < items.len() {
        location.refuse(format!("has {} entries; at most {USER_FIELDS_MAX} are allowed", items.len()));
        return None;
    }
    let mut keys = BTreeMap::new();
    let rules: Vec<Option<UserFieldRule>> =
        items.into_iter().map(|item| read(item, |section| user_field(section, &mut keys))).collect();
    rules.into_iter().collect()
}

/// Reads one of them. `keys` holds those before it, with the path of each.
fn user_field(section: &mut Section<'_>, keys: &mut BTreeMap<FieldKey, String>) -> Option<UserFieldRule> {
    let key = section.required("key").and_then(|item| {
        let is_letters = |text: &str| text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let key = item.parse("1 to 8 letters", |text| FieldKey::parse(text).filter(|_| is_letters(text)))?;
        if let Some(first) = keys.get(&key) {
            item.refuse(format!("{key} is already the key of {first}"));
            return None;
        }
        keys.insert(key.clone(), item.path().to_owned());
        Some(key)
    });
    let writable = match section.optional("writable") {
        Some(item) => item.flag(),
        None => Some(true),
    };
    Some(UserFieldRule { key: key?, writable: writable? })
}

fn field_key(item: &Item<'_>, keys: &mut BTreeMap<FieldKey, String>) -> Option<FieldKey> {
    // The digit rule is the console's, so it holds where fields are switched on and not in requests. [doc]
    let key = item.parse("1 to 16 letters, digits or underscores, not starting with a digit", |text| {
        FieldKey::parse(text).filter(|_| !text.starts_with(|first: char| first.is_ascii_digit()))
    })?;
    if let Some(first) = keys.get(&key) {
        item.refuse(format!("{key} is already the key of {first}; keys of groups and members must differ"));
        return None;
    }
    keys.insert(key.clone(), item.path().to_owned());
    Some(key)
}

fn group_types(item: Item<'_>) -> Option<Vec<GroupType>> {
    let location = item.location();
    let items = item.list()?;
    if items.is_empty() {
        location.refuse("must name at least one type of group".to_owned());
        return None;
    }
    let types: Vec<Option<GroupType>> = items
        .iter()
        .map(|item| item.parse("Private, Public, ChatRoom, AVChatRoom or Community", GroupType::parse))
        .collect();
    let mut types = types.into_iter().collect::<Option<Vec<_>>>()?;
    types.sort();
    types.dedup();
    Some(types)
}
