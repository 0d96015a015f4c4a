//! YAML as an editor reads it: a document of this compiler's, with each plain scalar read as YAML 1.2.
//!
//! An editor resolves aliases and `<<` as this compiler does; of a key it keeps the text.

use aegisc::source::SourceMap;
use aegisc::yaml::{Document, Limits, NodeKind, ScalarValue, Style, Use, decode, parse, yaml12_value};
use serde_json::{Map, Number, Value};

/// The JSON that an editor checks; nothing if the text is no YAML.
pub(crate) fn json(bytes: &[u8]) -> Option<Value> {
    let mut sources = SourceMap::new();
    let (text, error) = decode(bytes);
    let file = sources.add("made.yaml", text);
    let document = parse(file, &sources, &Limits::default(), &mut Vec::new())?;
    let reading = Reading { document: &document, sources: &sources };
    error.is_none().then(|| document.root().map_or(Value::Null, |root| reading.value(root)))
}

struct Reading<'a> {
    document: &'a Document,
    sources: &'a SourceMap,
}

impl Reading<'_> {
    fn value(&self, at: Use) -> Value {
        match &self.document.get(at).kind {
            NodeKind::Sequence(items) => items.iter().map(|&item| self.value(item)).collect(),
            NodeKind::Mapping(entries) => {
                let entry = |entry: &aegisc::yaml::Entry| (self.key(entry.key), self.value(entry.value));
                Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
            }
            // A set is a mapping to an editor, which knows no such tag.
            NodeKind::Foreign(_) => Value::Object(Map::new()),
            NodeKind::Scalar(_) => match self.scalar(at) {
                ScalarValue::Null => Value::Null,
                ScalarValue::Bool(b) => b.into(),
                ScalarValue::Int(i) => match i64::try_from(&i) {
                    Ok(i) => i.into(),
                    Err(_) => number(i.to_string().parse().unwrap()),
                },
                ScalarValue::Float(x) => number(x),
                ScalarValue::Str(text) => Value::String(text.into()),
                ScalarValue::Timestamp(_) | ScalarValue::Binary(_) => self.source(at).into(),
            },
        }
    }

    fn key(&self, at: Use) -> String {
        match &self.document.get(at).kind {
            NodeKind::Scalar(_) => match self.scalar(at) {
                ScalarValue::Str(text) => text.into(),
                _ => self.source(at).to_owned(),
            },
            _ => self.value(at).to_string(),
        }
    }

    fn scalar(&self, at: Use) -> ScalarValue {
        let node = self.document.get(at);
        let NodeKind::Scalar(scalar) = &node.kind else { return ScalarValue::Null };
        let file = self.sources.file(node.span.file).text();
        let before =
            file[..node.span.range().start].trim_end_matches(|c: char| c != '!' && !c.is_whitespace());
        // A tag says the same to everyone; an anchor may stand between it and the scalar.
        let tagged = before.trim_end().rsplit(char::is_whitespace).take(2).any(|word| word.starts_with("!!"));
        match scalar.style {
            Style::Plain if !tagged => yaml12_value(self.source(at)),
            _ => scalar.value.clone(),
        }
    }

    fn source(&self, at: Use) -> &str {
        self.sources.text(self.document.get(at).span)
    }
}

/// JSON has no infinity and no NaN, which a schema takes for numbers.
fn number(x: f64) -> Value {
    let finite = if x.is_nan() { 0.5 } else { x.clamp(f64::MIN, f64::MAX) };
    Number::from_f64(finite).map_or(Value::Null, Value::Number)
}
