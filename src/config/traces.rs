//! To whom traces are sent.

use serde::Deserialize;

use super::public_url::PublicUrl;
use super::value;

/// Traces.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub struct Tracing {
    /// The collector that spans are sent to, if any.
    #[serde(deserialize_with = "PublicUrl::optional")]
    pub endpoint: Option<PublicUrl>,
    /// Of how many requests in a thousand.
    #[serde(deserialize_with = "value::whole::<_, _, 0, 1000>")]
    pub sample_per_mille: u32,
}
