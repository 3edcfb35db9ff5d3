//! Small pieces of wording.

use crate::place::Ctx;
use whodenied_text::quote::shell;

/// The container's name as a command takes it, else a placeholder.
pub(crate) fn name_or(ctx: &Ctx<'_>, placeholder: &str) -> String {
    ctx.service.as_deref().map_or_else(|| format!("<{placeholder}>"), shell)
}
