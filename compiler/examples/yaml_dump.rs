//! Reads lines of `{"yaml": text}` and prints what each text means as one line of JSON:
//! `{"ok": value}` with every value typed, or `{"error": message}`.
//!
//! The peer of `tests/peers/yaml_text.py`. Values are `["null"]`, `["bool", b]`, `["int", hex]`,
//! `["float", hex of the bits]`, `["str", s]`, `["time", s]`, `["bytes", hex]`, `["list", […]]`,
//! `["map", [[k, v], …]]` in the order and with the keys of a Python dict, and `["foreign", tag]`.

use aegisc::source::SourceMap;
use aegisc::yaml::{self, Document, NodeId, NodeKind, ScalarValue};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let text = line.get("yaml").and_then(Value::as_str).unwrap_or_default();
        writeln!(out, "{}", dump(text))?;
    }
    out.flush()
}

fn dump(text: &str) -> Value {
    let mut sources = SourceMap::new();
    let file = sources.add("input.yaml", text);
    let mut diagnostics = Vec::new();
    let document = yaml::parse(file, &sources, &yaml::Limits::default(), &mut diagnostics);
    match (diagnostics.first(), document) {
        (Some(error), _) => json!({"error": error.message, "at": error.primary.start}),
        (None, Some(document)) => match check_spans(&document, text) {
            Some(wrong) => json!({"error": wrong, "span": true}),
            None => json!({"ok": values(&document)}),
        },
        (None, None) => json!({"error": "no document and no error", "span": true}),
    }
}

/// Says which span is no range of the text, or does not cover its children.
fn check_spans(document: &Document, text: &str) -> Option<String> {
    (0..document.node_count()).find_map(|index| {
        let id = document.id(index)?;
        let node = document.node(id);
        let range = node.span.range();
        let inside = |used: yaml::Use| {
            let child = used.span.range();
            range.start <= child.start && child.end <= range.end
        };
        let covers = match &node.kind {
            NodeKind::Sequence(items) => items.iter().all(|&item| inside(item)),
            NodeKind::Mapping(entries) => {
                entries.iter().filter(|e| !e.merged).all(|e| inside(e.key) && inside(e.value))
            }
            _ => true,
        };
        let real = text.get(range.clone()).is_some();
        (!covers || !real).then(|| format!("span {range:?} of {:?}", node.kind))
    })
}

/// The values, children first, so that depth costs no stack.
fn values(document: &Document) -> Value {
    let mut values: Vec<Value> = Vec::new();
    for index in 0..document.node_count() {
        let Some(id) = document.id(index) else { break };
        let of = |id: NodeId| values.get(id.index()).cloned().unwrap_or_default();
        let value = match &document.node(id).kind {
            NodeKind::Scalar(scalar) => scalar_value(&scalar.value),
            NodeKind::Sequence(items) => {
                json!(["list", items.iter().map(|item| of(item.node)).collect::<Vec<_>>()])
            }
            NodeKind::Mapping(entries) => {
                let mut places = HashMap::new();
                let mut pairs: Vec<(Value, Value)> = Vec::new();
                for entry in entries {
                    let (key, value) = (of(entry.key.node), of(entry.value.node));
                    let place = *places.entry(equality(&key).to_string()).or_insert(pairs.len());
                    match pairs.get_mut(place) {
                        Some(pair) => pair.1 = value,
                        None => pairs.push((key, value)),
                    }
                }
                json!(["map", pairs])
            }
            NodeKind::Foreign(tag) => json!(["foreign", tag]),
        };
        values.push(value);
    }
    document.root().map_or(json!(["null"]), |root| values.swap_remove(root.node.index()))
}

/// What two keys of a Python dict share when they are the same key: `1`, `1.0` and `True` are.
fn equality(key: &Value) -> Value {
    match (key.get(0).and_then(Value::as_str), key.get(1)) {
        (Some("bool"), Some(b)) => json!(["int", if b == &json!(true) { "1" } else { "0" }]),
        (Some("float"), Some(Value::String(bits))) => {
            // Not a number is no key but itself.
            let bits = u64::from_str_radix(bits, 16).unwrap_or(f64::NAN.to_bits());
            let x = f64::from_bits(bits);
            let small = format!("{x:.0}").parse::<i64>().ok();
            match small {
                Some(n) if x.fract() == 0.0 && x.abs() < 9e15 => json!(["int", format!("{n:x}")]),
                _ => key.clone(),
            }
        }
        _ => key.clone(),
    }
}

fn scalar_value(value: &ScalarValue) -> Value {
    match value {
        ScalarValue::Null => json!(["null"]),
        ScalarValue::Bool(b) => json!(["bool", b]),
        ScalarValue::Int(n) => json!(["int", format!("{n:x}")]),
        ScalarValue::Float(x) if x.is_nan() => json!(["float", "nan"]),
        ScalarValue::Float(x) => json!(["float", format!("{:016x}", x.to_bits())]),
        ScalarValue::Str(text) => json!(["str", text]),
        ScalarValue::Timestamp(text) => json!(["time", text]),
        ScalarValue::Binary(bytes) => {
            json!(["bytes", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()])
        }
    }
}
