//! Ctrl-C, and what else asks a process to end.

use tokio::sync::oneshot;

/// Fires with the exit code at the first signal; the second ends the process at once.
pub(super) fn interrupted() -> oneshot::Receiver<u8> {
    let (sender, receiver) = oneshot::channel();
    tokio::spawn(async move {
        let mut signals = Signals::new();
        // Nobody is told who has gone.
        let _ = sender.send(signals.next().await);
        std::process::exit(signals.next().await.into());
    });
    receiver
}

#[cfg(unix)]
struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// A signal that cannot be listened to does what it does by default.
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).ok();
        Signals { interrupt: listen(SignalKind::interrupt()), terminate: listen(SignalKind::terminate()) }
    }

    async fn next(&mut self) -> u8 {
        async fn one(signal: &mut Option<tokio::signal::unix::Signal>) {
            let fired = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if fired.is_none() {
                std::future::pending::<()>().await;
            }
        }
        tokio::select! {
            () = one(&mut self.interrupt) => 130,
            () = one(&mut self.terminate) => 143,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Signals
    }

    async fn next(&mut self) -> u8 {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        130
    }
}
