//! What listeners are told: the fields of `tracing`, the counters and the gauge of `metrics`.

use crate::generations::{artifact, loaded};
use aegis_runtime::policy::{GENERATION_METRIC, PolicyHandle, RELOADS_METRIC};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};

type Values = Arc<Mutex<BTreeMap<String, f64>>>;

#[derive(Default)]
struct Metrics(Values);

/// A metric, by its name and labels.
struct Metric(Values, String);

impl Metric {
    fn of(recorder: &Metrics, key: &Key) -> Arc<Self> {
        let labels: String =
            key.labels().map(|label| format!(" {}={}", label.key(), label.value())).collect();
        Arc::new(Metric(Arc::clone(&recorder.0), format!("{}{labels}", key.name())))
    }

    fn update(&self, update: impl Fn(f64) -> f64) {
        let mut values = self.0.lock().unwrap();
        let value = values.entry(self.1.clone()).or_default();
        *value = update(*value);
    }
}

impl CounterFn for Metric {
    fn increment(&self, by: u64) {
        self.update(|value| value + by as f64);
    }

    fn absolute(&self, value: u64) {
        self.update(|_| value as f64);
    }
}

impl GaugeFn for Metric {
    fn increment(&self, by: f64) {
        self.update(|value| value + by);
    }

    fn decrement(&self, by: f64) {
        self.update(|value| value - by);
    }

    fn set(&self, value: f64) {
        self.update(|_| value);
    }
}

impl Recorder for Metrics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Metric::of(self, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Metric::of(self, key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Level and fields of each event.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().into(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("aegis_runtime")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(BTreeMap::from([("level".into(), event.metadata().level().to_string())]));
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

#[test]
fn attempts_are_told_and_counted() {
    let (recorder, events) = (Metrics::default(), Events::default());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.aegisb");
    fs::write(&file, artifact(1)).unwrap();
    let handle = metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(events.clone(), || {
            let handle = PolicyHandle::from_file(&file).unwrap();
            handle.reload().unwrap();
            fs::write(&file, artifact(2)).unwrap();
            handle.reload().unwrap();
            handle.replace(loaded(3)).unwrap();
            fs::write(&file, "rules: []").unwrap();
            handle.reload().unwrap_err();
            handle
        })
    });
    let count =
        |result: &str| recorder.0.lock().unwrap().get(&format!("{RELOADS_METRIC} result={result}")).copied();
    assert_eq!((count("swapped"), count("unchanged"), count("refused")), (Some(2.0), Some(1.0), Some(1.0)));
    assert_eq!(recorder.0.lock().unwrap().get(GENERATION_METRIC), Some(&3.0));

    let events = events.0.lock().unwrap();
    let said = |field: &str| -> Vec<&str> {
        events.iter().map(|event| event.get(field).map_or("", String::as_str)).collect()
    };
    let messages =
        ["policy in service", "policy unchanged", "policy replaced", "policy replaced", "policy refused"];
    assert_eq!(said("message"), messages);
    assert_eq!(said("generation"), ["1", "1", "2", "3", "3"]);
    assert_eq!(said("revision"), ["11", "11", "12", "13", "13"]);
    let path = file.to_str().unwrap();
    assert_eq!(said("path"), [path, path, path, "", path]);
    assert_eq!(said("digest")[3..], [handle.load().digest_hex(); 2]);
    assert!(said("error")[4].contains("not an aegis artifact"), "{events:?}");
    let (info, warn) = (Level::INFO.as_str(), Level::WARN.as_str());
    assert_eq!(said("level"), [info, info, info, info, warn]);

    // A recorder that comes late learns what serves.
    let late = Metrics::default();
    metrics::with_local_recorder(&late, || handle.describe_metrics());
    assert_eq!(late.0.lock().unwrap().get(GENERATION_METRIC), Some(&3.0));
}
