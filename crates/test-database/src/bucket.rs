//! A stand-in for an S3-compatible service with one bucket: it keeps objects in memory, checks signatures, and fails when told.
//!
//! Written after the public description of the protocol, and not with the library that the server uses.

mod signature;
mod wire;

use signature::Login;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use wire::{Answer, Request};

/// A fault of the service. Each is met by one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It answers with this status and does nothing.
    Status(u16),
    /// It does what it is asked, and never answers.
    Silence,
    /// It does what it is asked, and ends the connection after this many bytes of the content of its answer.
    Cut(usize),
}

/// A service on a port of its own of the loopback interface. It ends when this value is dropped.
pub struct BucketServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    bucket: String,
    login: Login,
    objects: BTreeMap<String, Vec<u8>>,
    /// By their ids: the name of the object, and the parts by their numbers.
    uploads: BTreeMap<String, (String, BTreeMap<u32, Vec<u8>>)>,
    faults: Vec<(String, Fault)>,
    requests: Vec<String>,
    stopping: bool,
}

impl BucketServer {
    /// Starts a service with an empty bucket of the region `us-east-1`.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(bucket: &str, access_key_id: &str, secret_access_key: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let login = Login { id: access_key_id.to_owned(), secret: secret_access_key.to_owned() };
        let state = Arc::new(Mutex::new(State {
            bucket: bucket.to_owned(),
            login,
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
            faults: Vec::new(),
            requests: Vec::new(),
            stopping: false,
        }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&shared).stopping {
                    break;
                }
                if let Ok(stream) = stream {
                    let shared = Arc::clone(&shared);
                    // It ends with the connection.
                    thread::spawn(move || serve(stream, &shared));
                }
            }
        });
        Ok(Self { address, state })
    }

    /// Where it is, as `http://HOST:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All objects, by their names.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        lock(&self.state).objects.clone()
    }

    /// Puts an object into the bucket, as somebody else does.
    pub fn put(&self, name: &str, content: &[u8]) {
        lock(&self.state).objects.insert(name.to_owned(), content.to_owned());
    }

    /// Uploads in parts that have neither ended nor been given up.
    pub fn open_uploads(&self) -> usize {
        lock(&self.state).uploads.len()
    }

    /// The next requests whose line begins like this, such as `PUT /`, meet these faults, one each.
    pub fn fail(&self, begins: &str, faults: &[Fault]) {
        lock(&self.state).faults.extend(faults.iter().map(|fault| (begins.to_owned(), *fault)));
    }

    /// The lines of all requests since the last call, without queries that are ids.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.state).requests)
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        lock(&self.state).stopping = true;
        // Wakes the listener.
        drop(TcpStream::connect(self.address));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the requests of one connection until it ends.
fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    while let Ok(Some(request)) = wire::read(&mut stream) {
        let (answer, fault) = lock(state).answer(&request);
        let sent = match fault {
            Some(Fault::Silence) => return wire::wait_for_end(&mut stream),
            Some(Fault::Cut(bytes)) => {
                drop(wire::write(&mut stream, &request, &answer, Some(bytes)));
                return;
            }
            Some(Fault::Status(_)) | None => wire::write(&mut stream, &request, &answer, None),
        };
        if sent.is_err() {
            return;
        }
    }
}

impl State {
    fn answer(&mut self, request: &Request) -> (Answer, Option<Fault>) {
        let line = format!("{} {}", request.method, request.path);
        let found = self.faults.iter().position(|(begins, _)| line.starts_with(begins));
        let fault = found.map(|index| self.faults.remove(index).1);
        self.requests.push(line);
        let answer = match fault {
            Some(Fault::Status(status)) => Answer::error(status, "Fault"),
            Some(Fault::Silence | Fault::Cut(_)) | None => {
                if let Err(code) = self.login.check(request) {
                    Answer::error(403, code)
                } else {
                    self.perform(request)
                }
            }
        };
        (answer, fault)
    }

    fn perform(&mut self, request: &Request) -> Answer {
        let path = request.path.trim_start_matches('/');
        let (bucket, name) = path.split_once('/').unwrap_or((path, ""));
        if bucket != self.bucket {
            return Answer::error(404, "NoSuchBucket");
        }
        let query = |name: &str| request.query.get(name).map(String::as_str);
        match (request.method.as_str(), query("uploadId"), query("partNumber")) {
            ("PUT", Some(id), Some(number)) => self.put_part(id, number, &request.body),
            ("PUT", None, None) => {
                self.objects.insert(name.to_owned(), request.body.clone());
                Answer::stored(&request.body)
            }
            ("POST", None, None) if query("uploads").is_some() => self.begin_upload(name),
            ("POST", Some(id), None) => self.complete(id, &request.body),
            ("DELETE", Some(id), None) => {
                self.uploads.remove(id);
                Answer::empty(204)
            }
            ("GET" | "HEAD", None, None) => match self.objects.get(name) {
                Some(content) => Answer::content(content, request.headers.get("range").map(String::as_str)),
                None => Answer::error(404, "NoSuchKey"),
            },
            _ => Answer::error(501, "NotImplemented"),
        }
    }

    fn begin_upload(&mut self, name: &str) -> Answer {
        let id = format!("upload-{}", self.requests.len());
        self.uploads.insert(id.clone(), (name.to_owned(), BTreeMap::new()));
        Answer::xml(&format!(
            "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
        ))
    }

    fn put_part(&mut self, id: &str, number: &str, content: &[u8]) -> Answer {
        let (Some((_, parts)), Ok(number)) = (self.uploads.get_mut(id), number.parse()) else {
            return Answer::error(404, "NoSuchUpload");
        };
        parts.insert(number, content.to_owned());
        Answer::stored(content)
    }

    /// Puts the parts together that the body lists.
    fn complete(&mut self, id: &str, body: &[u8]) -> Answer {
        let Some((name, parts)) = self.uploads.remove(id) else { return Answer::error(404, "NoSuchUpload") };
        let body = String::from_utf8_lossy(body);
        let named = body.split("<PartNumber>").skip(1).map(|part| part.split('<').next().unwrap_or_default());
        if !named.eq(parts.keys().map(ToString::to_string)) {
            return Answer::error(400, "InvalidPart");
        }
        let content = parts.into_values().collect::<Vec<_>>().concat();
        let tag = wire::tag(&content);
        self.objects.insert(name, content);
        Answer::xml(&format!(
            "<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"
        ))
    }
}
