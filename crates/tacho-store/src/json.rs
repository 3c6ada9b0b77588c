//! JSON in columns.

use crate::error::StoreError;
use serde::Serialize;

/// The text of something that JSON can always hold.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()).into())
}
