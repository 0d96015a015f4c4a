//! The shipped policies live beside this file as YAML; their test suite is in `tests/`.
