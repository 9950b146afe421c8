//! A way to a server that fails as networks and servers do: it refuses, says nothing, is slow, or ends in the middle.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// How many bytes are carried at a time.
const CHUNK: usize = 16 * 1024;

/// Where the server is.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// Host and port.
    Tcp(String),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Carries bytes to and fro.
    Pass,
    /// Takes connections and bytes, and gives nothing. A connection that lost bytes so never gives anything again.
    Blackhole,
    /// Waits so long before each chunk that it carries.
    Slow(Duration),
}

/// What becomes of a connection on which a word is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ends before the server hears the word.
    CutBefore,
    /// It ends once the server has answered, before the answer is heard.
    CutAfter,
    /// Nothing is carried any more, and nothing ends.
    Vanish,
}

/// What happens to those who say a word, once they have said another, so many times.
struct Trap {
    after: &'static str,
    word: &'static str,
    fate: Fate,
    left: usize,
}

/// The way. Dropped, it ends with all its connections.
pub struct Proxy {
    /// Where it begins.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
    /// Keeps the address while nobody listens there.
    _reserved: TcpSocket,
}

struct Shared {
    upstream: Upstream,
    mode: watch::Sender<Mode>,
    /// How often all connections were cut.
    cut: watch::Sender<u64>,
    trap: Mutex<Option<Trap>>,
    sprung: Notify,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
    }
}

impl Proxy {
    /// A way to this server, which passes.
    pub fn to(upstream: Upstream) -> Self {
        let reserved = bound("127.0.0.1:0".parse().expect("an address"));
        let address = reserved.local_addr().expect("it is bound");
        let (mode, cut) = (watch::Sender::new(Mode::Pass), watch::Sender::new(0));
        let shared = Shared { upstream, mode, cut, trap: Mutex::default(), sprung: Notify::new() };
        let mut proxy = Self { address, shared: Arc::new(shared), listening: None, _reserved: reserved };
        proxy.pass();
        proxy
    }

    /// From now on bytes are carried.
    pub fn pass(&mut self) {
        self.become_mode(Mode::Pass);
    }

    /// From now on nothing comes out of it.
    pub fn blackhole(&mut self) {
        self.become_mode(Mode::Blackhole);
    }

    /// From now on each chunk takes so long.
    pub fn slow(&mut self, pause: Duration) {
        self.become_mode(Mode::Slow(pause));
    }

    /// Ends all connections; new ones are refused.
    pub fn refuse(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
        self.cut();
    }

    /// Ends all connections.
    pub fn cut(&self) {
        self.shared.cut.send_modify(|times| *times += 1);
    }

    /// From now on this happens to those who say this word to the server, so many times.
    pub fn trap(&self, word: &'static str, fate: Fate, times: usize) {
        *self.shared.trap() = Some(Trap { after: "", word, fate, left: times });
    }

    /// From now on it happens to nobody.
    pub fn disarm(&self) {
        *self.shared.trap() = None;
    }

    /// The same once, to whoever has said another word before. All connections begin anew: what was said on one before is
    /// perhaps not said again.
    pub fn trap_after(&self, after: &'static str, word: &'static str, fate: Fate) {
        self.cut();
        *self.shared.trap() = Some(Trap { after, word, fate, left: 1 });
    }

    /// Waits until it has happened.
    pub async fn sprung(&self) {
        self.shared.sprung.notified().await;
    }

    fn become_mode(&mut self, mode: Mode) {
        self.shared.mode.send_replace(mode);
        if self.listening.is_none() {
            let listener = bound(self.address).listen(1024).expect("the address is ours");
            self.listening = Some(tokio::spawn(listen(listener, self.shared.clone())));
        }
    }
}

/// A socket that is bound and does not listen. Several may be bound so, of which one listens.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("the system gives sockets");
    socket.set_reuseaddr(true).expect("an option that every system has");
    socket.bind(address).expect("the address is free, or ours");
    socket
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = shared.clone();
        tokio::spawn(async move {
            let mut cut = shared.cut.subscribe();
            tokio::select! {
                _ = cut.changed() => {}
                () = converse(client, &shared) => {}
            }
        });
    }
}

async fn converse(client: TcpStream, shared: &Shared) {
    // A server that is not there hangs up.
    match &shared.upstream {
        Upstream::Tcp(address) => {
            let Ok(server) = TcpStream::connect(address).await else { return };
            between(client, server, shared).await;
        }
        Upstream::Unix(path) => {
            let Ok(server) = UnixStream::connect(path).await else { return };
            between(client, server, shared).await;
        }
    }
}

async fn between(client: TcpStream, server: impl AsyncRead + AsyncWrite, shared: &Shared) {
    // Small messages do not wait for each other.
    client.set_nodelay(true).expect("an option that every system has");
    let ((from_client, to_client), (from_server, to_server)) = (split(client), split(server));
    let [is_near, is_lost, is_last] = [(); 3].map(|()| AtomicBool::new(false));
    let line = Line { shared, is_near, is_lost, is_last };
    tokio::select! {
        () = line.carry(from_client, to_server, true) => {}
        () = line.carry(from_server, to_client, false) => {}
    }
}

/// One connection.
struct Line<'s> {
    shared: &'s Shared,
    /// What the trap waits for was said before.
    is_near: AtomicBool,
    /// It lost bytes.
    is_lost: AtomicBool,
    /// What the server says next is not carried: it ends.
    is_last: AtomicBool,
}

impl Line<'_> {
    async fn carry(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, is_said: bool) {
        let mut bytes = vec![0; CHUNK];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            let chunk = &bytes[..read];
            let mode = *self.shared.mode.borrow();
            match if is_said { self.shared.spring(chunk, &self.is_near) } else { None } {
                Some(Fate::CutBefore) => return,
                Some(Fate::CutAfter) => self.is_last.store(true, Ordering::SeqCst),
                Some(Fate::Vanish) => self.is_lost.store(true, Ordering::SeqCst),
                None => {}
            }
            if mode == Mode::Blackhole {
                self.is_lost.store(true, Ordering::SeqCst);
            }
            if self.is_lost.load(Ordering::SeqCst) {
                continue;
            }
            if !is_said && self.is_last.load(Ordering::SeqCst) {
                return;
            }
            if let Mode::Slow(pause) = mode {
                tokio::time::sleep(pause).await;
            }
            if to.write_all(chunk).await.is_err() {
                return;
            }
        }
    }
}

impl Shared {
    fn trap(&self) -> std::sync::MutexGuard<'_, Option<Trap>> {
        self.trap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to who says this, if anything.
    fn spring(&self, said: &[u8], is_near: &AtomicBool) -> Option<Fate> {
        let mut slot = self.trap();
        let trap = slot.as_mut()?;
        let is_in =
            |word: &str| word.is_empty() || said.windows(word.len()).any(|part| part == word.as_bytes());
        if is_in(trap.after) {
            is_near.store(true, Ordering::SeqCst);
        }
        if !is_near.load(Ordering::SeqCst) || !is_in(trap.word) {
            return None;
        }
        let fate = trap.fate;
        trap.left -= 1;
        if trap.left == 0 {
            *slot = None;
            self.sprung.notify_one();
        }
        Some(fate)
    }
}
