//! `custodian serve`.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use custodian::app::App;
use custodian::clock::Clock;
use custodian::config::{Config, DEMO_PASSWORD, Profile, Unfit, prepare_data_dir};
use custodian::http::{self, Listeners};
use custodian::seed::{self, DEMO_ACCOUNTS};
use secrecy::ExposeSecret;
use tokio::signal;
use tokio::sync::watch;

use super::{Failure, print, runtime};

/// How long the letter under way may take once the server is told to stop.
const LAST_LETTER: Duration = Duration::from_secs(30);

/// How long the round of shipping may, and the last signing.
const LAST_ROUND: Duration = Duration::from_secs(5);

pub(super) fn run(config: Config) -> Result<(), Failure> {
    runtime()?.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), Failure> {
    refuse_unfit(&config)?;
    // First of all: a server whose address is taken must not have written anything.
    let listeners = http::bind(&config).await.map_err(Failure::refused)?;
    prepare_data_dir(&config.data_dir).map_err(Failure::refused)?;
    tracing::info!(database = %config.database_url, profile = ?config.profile, "starting");
    let greeting = greeting(&config, &listeners);
    let stop = stop_signal().map_err(Failure::failed)?;
    let app = App::start(config, Clock::System).await?;
    refuse_demo(&app).await?;
    print(&greeting)?;
    tracing::info!(address = %listeners.address(), "serving");
    let follower = tokio::spawn({
        let app = app.clone();
        async move { app.keep_up().await }
    });
    let (stopping, stopped) = watch::channel(());
    // Nothing is ever sent: the sender's end is the message.
    let stopped = move || {
        let mut stopped = stopped.clone();
        async move { drop(stopped.changed().await) }
    };
    let postman = tokio::spawn({
        let (app, stopped) = (app.clone(), stopped());
        async move { app.deliver_until(stopped).await }
    });
    let shipping = tokio::spawn({
        let (app, stopped) = (app.clone(), stopped());
        async move { app.ship_until(stopped).await }
    });
    let served = http::serve(listeners, app.clone(), stop).await.map_err(Failure::failed);
    follower.abort();
    if let Err(error) = app.journal.flush().await {
        error.log();
    }
    drop(stopping);
    // What is under way is finished. A letter that takes longer is sent again by somebody else, and entries are.
    let (letter, round) =
        tokio::join!(tokio::time::timeout(LAST_LETTER, postman), tokio::time::timeout(LAST_ROUND, shipping));
    if letter.is_err() {
        tracing::warn!("stopped with a letter under way");
    }
    if round.is_err() {
        tracing::info!("stopped while the audit log was being shipped");
    }
    // What was done since the last minute.
    match tokio::time::timeout(LAST_ROUND, app.sign_heads()).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => error.log(),
        Err(_) => tracing::warn!("stopped with ends of the audit log's chains unsigned"),
    }
    served
}

/// Production serves with nothing that is for trying out.
fn refuse_unfit(config: &Config) -> Result<(), Failure> {
    let unfit = config.unfit_for_production();
    if unfit.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = unfit.into_iter().map(|Unfit { key, problem }| format!("{key}: {problem}")).collect();
    Err(Failure::refused(format!(
        "production does not serve so: {} (custodian doctor tells more)",
        list.join("; ")
    )))
}

/// Whoever reads the manual knows their passwords.
async fn refuse_demo(app: &App) -> Result<(), Failure> {
    let is_production = app.config.profile == Profile::Production;
    if !is_production || !seed::is_there(app.db()).await.map_err(Failure::failed)? {
        return Ok(());
    }
    Err(Failure::refused(
        "this database holds the demo accounts: production serves from one that was never filled with them",
    ))
}

/// What whoever started the server wants to know.
fn greeting(config: &Config, listeners: &Listeners) -> String {
    let mut text = String::new();
    let address = reachable(listeners.address());
    let scheme = if listeners.is_encrypted() { "https" } else { "http" };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "GraphQL    {scheme}://{address}/graphql");
    if config.graphiql {
        let _ = writeln!(text, "GraphiQL   {scheme}://{address}/graphiql");
    }
    if config.profile == Profile::Development {
        let is_default = config.demo_password.expose_secret() == DEMO_PASSWORD;
        let password = if is_default { DEMO_PASSWORD } else { "from CUSTODIAN_DEMO_PASSWORD" };
        let made = if config.serve_migrates() { "" } else { " (made by custodian seed --demo)" };
        let _ = writeln!(text, "\nDemo accounts{made}, password: {password}");
        for (name, role) in DEMO_ACCOUNTS {
            let _ = writeln!(text, "  {name:<26} {role}");
        }
    }
    text
}

/// An address for a browser on this machine: "every address" is none to go to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Done when the process is told to stop. From here on the signals no longer end it by themselves.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Done when the process is told to stop.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
