//! `aegisc schema`: the JSON Schema of a layer.

use crate::output::{Done, Failure, Shell};

pub(crate) fn run(shell: &Shell) -> Result<Done, Failure> {
    shell.out(&format!("{:#}\n", aegisc::schema::layer()))?;
    Ok(Done::Fine)
}
