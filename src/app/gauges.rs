//! What is not counted as it happens, but looked up when somebody asks.

use super::App;
use crate::database;

/// Connections of a pool: those in use, those that nobody uses, and the most there may be.
pub const CONNECTIONS: &str = "custodian_database_connections";
/// The version of the policy in force.
pub const POLICY: &str = "custodian_policy_info";

impl App {
    /// Tells how the pools and the policy stand.
    pub fn tell_state(&self) {
        let most = self.config.connections.max;
        for (pool, (all, idle)) in
            [("database", database::connections(&self.db)), ("keys", self.vault.connections())]
        {
            for (state, count) in [("used", all.saturating_sub(idle)), ("idle", idle), ("most", most)] {
                metrics::gauge!(CONNECTIONS, "pool" => pool, "state" => state).set(count);
            }
        }
        let policy = self.policy.snapshot();
        let mut told = self.told_policy.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *told != policy.version() {
            // Of versions one is in force: the one before is told of once more, as what is not.
            if !told.is_empty() {
                metrics::gauge!(POLICY, "version" => told.clone()).set(0.0);
            }
            policy.version().clone_into(&mut told);
        }
        metrics::gauge!(POLICY, "version" => told.clone()).set(1.0);
    }
}
