//! Whether a server can be reached: its socket open or shut, its connections left alone, ended or cut.
//!
//! A shut socket is closed, and another bound to its port that does not listen: clients are refused by the kernel, as
//! by a server that is not there, and nobody else is given the port meanwhile. Listening on that other socket opens the
//! gate again.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How many connections the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;
/// How often binding the port of a socket just closed is tried.
const ATTEMPTS: usize = 1000;

/// How urgently something has to end, in rising urgency.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) enum Stop {
    No,
    /// Requests in flight may finish.
    Gracefully,
    Now,
    /// With an RST.
    Cut,
}

/// What all connections were told so far; each looks at what was said since it was accepted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orders {
    stop: Stop,
    restarts: u64,
    cuts: u64,
}

impl Orders {
    /// How urgently a connection from that moment has to end.
    fn since(&self, accepted: &Orders) -> Stop {
        if self.cuts != accepted.cuts {
            Stop::Cut
        } else if self.restarts != accepted.restarts {
            self.stop.max(Stop::Gracefully)
        } else {
            self.stop
        }
    }
}

impl Stop {
    fn max(self, other: Stop) -> Stop {
        if self < other { other } else { self }
    }
}

/// What one connection is told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    orders: watch::Receiver<Orders>,
    accepted: Orders,
}

impl Told {
    /// Waits until it has to end at least this urgently.
    pub(super) async fn to(&mut self, how: Stop) -> Stop {
        let accepted = self.accepted;
        let told = self
            .orders
            .wait_for(|orders| orders.since(&accepted) >= how)
            .await;
        // Without a listener there is nobody left to wait for.
        told.map_or(Stop::Now, |orders| orders.since(&accepted))
    }
}

/// The way in.
#[derive(Debug)]
pub(crate) struct Gate {
    address: SocketAddr,
    state: Mutex<State>,
    /// Tells the accept loop that there is another socket.
    moved: watch::Sender<()>,
    orders: watch::Sender<Orders>,
}

#[derive(Debug)]
struct State {
    door: Door,
    /// Who resets connections that were accepted, and how many more of them.
    resets: Vec<(u64, Option<u64>)>,
}

#[derive(Debug)]
enum Door {
    Open(TcpListener),
    /// Keeps the port.
    Shut(Socket),
    /// For good.
    Gone,
}

impl Gate {
    /// Binds the address; must be called within a tokio runtime.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = std::net::TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from_std(socket)?;
        let address = socket.local_addr()?;
        let orders = Orders {
            stop: Stop::No,
            restarts: 0,
            cuts: 0,
        };
        Ok(Gate {
            address,
            state: Mutex::new(State {
                door: Door::Open(socket),
                resets: Vec::new(),
            }),
            moved: watch::Sender::new(()),
            orders: watch::Sender::new(orders),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses connections from now on; those that wait to be accepted are reset. The port is kept.
    pub(crate) fn shut(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        if !matches!(state.door, Door::Open(_)) {
            return Ok(());
        }
        // Two sockets cannot have the port while one of them listens.
        state.door = Door::Gone;
        state.door = Door::Shut(reserve(self.address)?);
        self.moved.send_replace(());
        Ok(())
    }

    /// Takes connections again; must be called within the server's runtime.
    pub(crate) fn open(&self) -> io::Result<()> {
        let mut state = self.state.lock();
        let Door::Shut(socket) = &state.door else {
            return Ok(());
        };
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from_std(socket.try_clone()?.into())?;
        state.door = Door::Open(listener);
        self.moved.send_replace(());
        Ok(())
    }

    /// Resets the next connections that are accepted, or all of them, on behalf of `id`.
    pub(crate) fn reset_accepted(&self, id: u64, how_many: Option<u64>) {
        self.state.lock().resets.push((id, how_many));
    }

    /// Ends that; how many connections were still to be reset.
    pub(crate) fn stop_resetting(&self, id: u64) -> Option<u64> {
        let mut state = self.state.lock();
        let place = state.resets.iter().position(|(of, _)| *of == id)?;
        state.resets.remove(place).1
    }

    /// How many connections are still to be reset, if they are counted.
    pub(crate) fn still_to_reset(&self, id: u64) -> Option<u64> {
        let state = self.state.lock();
        let (_, left) = state.resets.iter().find(|(of, _)| *of == id)?;
        *left
    }

    /// Resets every open connection.
    pub(crate) fn cut(&self) {
        self.orders.send_modify(|orders| orders.cuts += 1);
    }

    /// Lets every open connection finish what it is at, and then end.
    pub(crate) fn end_connections(&self) {
        self.orders.send_modify(|orders| orders.restarts += 1);
    }

    /// Closes the socket for good and stops everything.
    pub(super) fn close(&self, how: Stop) {
        self.state.lock().door = Door::Gone;
        self.moved.send_replace(());
        self.orders.send_modify(|orders| orders.stop = how);
    }

    /// What a connection accepted now is told from now on.
    pub(super) fn told(&self) -> Told {
        let orders = self.orders.subscribe();
        let accepted = *orders.borrow();
        Told { orders, accepted }
    }

    /// Wakes who accepts when the socket is another.
    pub(super) fn moves(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// The next connection that is to be served, or nothing once the socket is gone.
    pub(super) async fn accept(
        &self,
        moves: &mut watch::Receiver<()>,
    ) -> Option<io::Result<TcpStream>> {
        loop {
            moves.borrow_and_update();
            tokio::select! {
                accepted = std::future::poll_fn(|cx| self.poll_accept(cx)) => return accepted,
                moved = moves.changed() => if moved.is_err() { return None },
            }
        }
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<Option<io::Result<TcpStream>>> {
        let state = &mut *self.state.lock();
        loop {
            let accepted = match &state.door {
                Door::Gone => return Poll::Ready(None),
                Door::Shut(_) => return Poll::Pending,
                Door::Open(socket) => std::task::ready!(socket.poll_accept(cx)),
            };
            match accepted {
                Ok((stream, _)) if reset_this(&mut state.resets) => reset(&stream),
                Ok((stream, _)) => return Poll::Ready(Some(Ok(stream))),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

/// Whether somebody wants the connection just accepted reset; the first who does has had it.
fn reset_this(resets: &mut [(u64, Option<u64>)]) -> bool {
    for (_, left) in resets {
        match left {
            None => return true,
            Some(0) => {}
            Some(left) => {
                *left -= 1;
                return true;
            }
        }
    }
    false
}

/// Dropped after this, the connection is reset: closing a socket that lingers for no time does that.
fn reset(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// A socket that has the port and refuses everybody.
fn reserve(address: SocketAddr) -> io::Result<Socket> {
    let mut last = Err(io::ErrorKind::AddrInUse.into());
    for _ in 0..ATTEMPTS {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // Connections from before may still have the port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        match socket.bind(&address.into()) {
            Ok(()) => return Ok(socket),
            Err(error) => last = Err(error),
        }
        std::thread::yield_now();
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
    }

    #[test]
    fn a_connection_heeds_what_was_said_since_it_was_accepted() {
        let orders = |stop, restarts, cuts| Orders {
            stop,
            restarts,
            cuts,
        };
        let accepted = orders(Stop::No, 1, 1);
        for (now, expected) in [
            (orders(Stop::No, 1, 1), Stop::No),
            (orders(Stop::No, 2, 1), Stop::Gracefully),
            (orders(Stop::Now, 2, 1), Stop::Now),
            (orders(Stop::Gracefully, 1, 1), Stop::Gracefully),
            (orders(Stop::Now, 2, 2), Stop::Cut),
        ] {
            assert_eq!(now.since(&accepted), expected, "{now:?}");
        }
    }

    #[test]
    fn who_asked_first_has_the_first_connections_reset() {
        let mut resets = vec![(1, Some(1)), (2, Some(2))];
        let reset = (0..5).map(|_| reset_this(&mut resets));
        assert_eq!(reset.collect::<Vec<_>>(), [true, true, true, false, false]);
        assert_eq!(resets, [(1, Some(0)), (2, Some(0))]);
        let mut always = vec![(1, None)];
        assert!(reset_this(&mut always) && reset_this(&mut always));
    }

    #[tokio::test]
    async fn resets_end_by_name() {
        let gate = gate();
        gate.reset_accepted(7, Some(3));
        gate.reset_accepted(8, None);
        assert_eq!(
            (gate.still_to_reset(7), gate.still_to_reset(8)),
            (Some(3), None)
        );
        assert_eq!(gate.stop_resetting(7), Some(3));
        assert_eq!(
            (gate.stop_resetting(7), gate.still_to_reset(7)),
            (None, None)
        );
    }

    #[tokio::test]
    async fn a_shut_gate_keeps_its_port_and_refuses() {
        let gate = gate();
        gate.shut().unwrap();
        gate.shut().unwrap();
        let refused = TcpStream::connect(gate.address()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        gate.open().unwrap();
        gate.open().unwrap();
        let mut moves = gate.moves();
        let (client, accepted) =
            tokio::join!(TcpStream::connect(gate.address()), gate.accept(&mut moves));
        assert_eq!(
            accepted.unwrap().unwrap().peer_addr().unwrap(),
            client.unwrap().local_addr().unwrap()
        );
    }

    #[tokio::test]
    async fn a_closed_gate_accepts_nobody_and_tells_everybody() {
        let gate = gate();
        let mut told = gate.told();
        let mut moves = gate.moves();
        gate.close(Stop::Gracefully);
        assert!(gate.accept(&mut moves).await.is_none());
        assert_eq!(told.to(Stop::Gracefully).await, Stop::Gracefully);
        drop(gate);
        assert_eq!(told.to(Stop::Cut).await, Stop::Now);
    }

    #[tokio::test]
    async fn only_connections_from_before_are_cut() {
        let gate = gate();
        let mut before = gate.told();
        gate.cut();
        let after = gate.told();
        assert_eq!(before.to(Stop::Cut).await, Stop::Cut);
        assert_eq!(after.orders.borrow().since(&after.accepted), Stop::No);
    }
}
