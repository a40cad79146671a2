//! Readers and reporters of a monitor in the orders that shuttle thinks of; a wake-up that is lost is a deadlock that it
//! reports. `RUSTFLAGS="--cfg shuttle" cargo test -p lk-plugin --lib --features monitor ::model::`

use std::sync::Arc;

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::{check_pct, check_random, thread};

use super::{Availability, Monitor, MonitorEvent};
use crate::kinds::Kind;

fn in_many_orders(run: impl Fn() + Send + Sync + Copy + 'static) {
    check_random(run, 20_000);
    check_pct(run, 20_000, 3);
}

fn report(monitor: &Monitor) {
    monitor.emit(|| MonitorEvent::Availability(Availability::new(Kind::Stt, "a", true)));
}

#[test]
fn who_has_subscribed_gets_what_happens_whoever_else_comes_and_goes() {
    in_many_orders(|| {
        let monitor = Monitor::default();
        let subscribed = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let (monitor, subscribed) = (monitor.clone(), Arc::clone(&subscribed));
            move || {
                let events = monitor.subscribe();
                subscribed.store(true, Ordering::Release);
                events
            }
        });
        let other = thread::spawn({
            let monitor = monitor.clone();
            move || drop(monitor.subscribe())
        });
        let before = subscribed.load(Ordering::Acquire);
        report(&monitor);
        assert!(other.join().is_ok());
        let Ok(mut events) = reader.join() else { unreachable!("it does not panic") };
        assert!(!before || events.try_next().is_some());
        while events.try_next().is_some() {}
        drop(events);
        assert!(!monitor.is_watched());
    });
}

#[test]
fn a_reader_that_waits_is_woken_by_each_event_and_by_the_end() {
    in_many_orders(|| {
        let (monitor, mut events) = Monitor::channel();
        let reporter = thread::spawn(move || {
            report(&monitor);
            report(&monitor);
        });
        let mut heard = 0;
        while block_on(events.next()).is_some() {
            heard += 1;
        }
        assert_eq!(heard, 2);
        assert!(reporter.join().is_ok());
    });
}

#[test]
fn events_that_found_no_room_are_counted() {
    in_many_orders(|| {
        let monitor = Monitor::default();
        let mut events = monitor.subscribe_with_capacity(1);
        let reporters = [monitor.clone(), monitor].map(|monitor| thread::spawn(move || report(&monitor)));
        let mut heard = 0;
        while let Some(event) = block_on(events.next()) {
            heard += if let MonitorEvent::Missed(missed) = event { missed } else { 1 };
        }
        assert_eq!(heard, 2);
        assert!(reporters.into_iter().all(|reporter| reporter.join().is_ok()));
    });
}
