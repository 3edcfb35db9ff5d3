//! Renders a case: terminal, JSON, Markdown
