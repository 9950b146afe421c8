//! What the access matrix says, asked by role: who sees a field how, and which rows of a type.

use std::sync::LazyLock;

use custodian::authz::Level;
use custodian_entity::choice::Scope;

use crate::fixture::ROLES;
use crate::reference::Matrix;

static MATRIX: LazyLock<Matrix> = LazyLock::new(Matrix::read);

fn is_role(role: &str) -> bool {
    ROLES.iter().any(|(name, _)| *name == role)
}

/// How a role sees `Type.field`. Anonymous sees nothing.
pub fn seen(role: &str, field: &str) -> Level {
    // As open as alerts: see `reach`.
    let field = if field.starts_with("Containment.") { "SecurityAlert.id" } else { field };
    let field = MATRIX.field(field).unwrap_or_else(|| panic!("the matrix has no field {field}"));
    if is_role(role) { field.cell(role).level } else { Level::Denied }
}

/// Which rows of a type a role reaches. Anonymous reaches none.
pub fn reach(role: &str, kind: &str) -> Option<Scope> {
    // The matrix does not have it: it is for who sees alerts (DOMAIN, "Who may execute what").
    let kind = if kind == "Containment" { "SecurityAlert" } else { kind };
    if is_role(role) { MATRIX.reach(kind, role).scope } else { None }
}

/// Whether a role may give a field when creating (`c`) or changing (`u`) a row. A field that the matrix does not have
/// asks for no right of its own. Anonymous may give nothing.
pub fn may_write(role: &str, field: &str, letter: char) -> bool {
    is_role(role) && (MATRIX.field(field).is_none() || MATRIX.may_write(role, field, letter))
}
