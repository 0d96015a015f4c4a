//! Stand-in.
use crate::Value;
use core::ops::ControlFlow;
pub(crate) struct TooDeep;
pub(crate) fn write_str(
    value: Value<'_>,
    sink: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<(), TooDeep> {
    if let Value::Str(s) = value {
        let _ = sink(s);
        return Ok(());
    }
    Err(TooDeep)
}
