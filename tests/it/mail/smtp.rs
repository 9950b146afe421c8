//! A mail server on this machine that keeps what it is given, and misbehaves when it is told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use custodian::config::SmtpUrl;
use tokio::sync::Notify;

/// What it does with a letter. The default is to take it.
#[derive(Clone, Copy)]
pub enum Act {
    /// Closes the connection in the middle of DATA.
    CutInData,
    /// Takes it, and closes the connection before it says so.
    LoseAnswer,
    /// Says nothing more once DATA began.
    Hang,
    /// Refuses the recipient, whom it names.
    Refuse(u16),
}

/// The server. It ends with the process.
#[derive(Clone)]
pub struct Smtp {
    port: u16,
    taken: Arc<Mutex<Vec<String>>>,
    acts: Arc<Mutex<VecDeque<Act>>>,
    /// Told when it hangs.
    pub hung: Arc<Notify>,
}

impl Smtp {
    /// One that does this with its first letters.
    pub fn start(acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let server = Self {
            port: listener.local_addr().expect("it is bound").port(),
            taken: Arc::default(),
            acts: Arc::new(Mutex::new(acts.iter().copied().collect())),
            hung: Arc::default(),
        };
        let serving = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.converse(stream));
            }
        });
        server
    }

    /// Its address, as it is configured.
    pub fn url(&self) -> Option<SmtpUrl> {
        SmtpUrl::parse(&format!("smtp://{}", self.address()))
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The letters it has.
    pub fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    fn converse(&self, stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
        let mut stream = stream;
        let mut say = |text: String| stream.write_all(format!("{text}\r\n").as_bytes()).ok();
        say("220 mail.example".to_owned())?;
        let mut act = None;
        while let Some(Ok(line)) = lines.next() {
            let command = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            match command.as_str() {
                "EHLO" | "HELO" => say("250 mail.example".to_owned())?,
                "RCPT" => {
                    act = self.acts.lock().unwrap().pop_front();
                    match act {
                        Some(Act::Refuse(code)) => say(format!("{code} nobody here is {line}"))?,
                        _ => say("250 fine".to_owned())?,
                    }
                }
                "DATA" => {
                    say("354 go ahead".to_owned())?;
                    if let Some(Act::Hang) = act {
                        self.hung.notify_one();
                        lines.by_ref().for_each(drop);
                        return None;
                    }
                    let mut letter = String::new();
                    loop {
                        let line = lines.next()?.ok()?;
                        if line == "." {
                            break;
                        }
                        if let Some(Act::CutInData) = act {
                            return None;
                        }
                        // RFC 5321, 4.5.2.
                        letter.push_str(line.strip_prefix('.').unwrap_or(&line));
                        letter.push_str("\r\n");
                    }
                    self.taken.lock().unwrap().push(letter);
                    if let Some(Act::LoseAnswer) = act {
                        return None;
                    }
                    say("250 taken".to_owned())?;
                }
                "QUIT" => {
                    say("221 bye".to_owned())?;
                    return None;
                }
                _ => say("250 fine".to_owned())?,
            }
        }
        None
    }
}
