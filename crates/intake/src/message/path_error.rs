//! Go's form of an error, `lchown /home: invalid argument`: the operation is the system call itself.

use super::Found;
use crate::segment::Document;

/// Names the system call where the word before the object is one of those of the call.
pub(super) fn name_calls(doc: &Document, found: &mut [Found]) {
    for item in found {
        let failure = &mut item.failure;
        let (Some(call), Some(object), None) = (failure.call, &failure.object, &failure.syscall) else {
            continue;
        };
        let Some(lines) = doc.lines.get(item.lines.0..=item.lines.1) else { continue };
        let told = call.syscalls().iter().find(|name| {
            **name != call.name()
                && lines.iter().any(|l| {
                    l.text.match_indices(**name).any(|(at, _)| {
                        let starts = l.text.get(..at).is_some_and(|t| t.is_empty() || t.ends_with(' '));
                        let rest = l.text.get(at + name.len()..).and_then(|t| t.strip_prefix(' '));
                        starts
                            && rest.is_some_and(|t| {
                                t.strip_prefix(object.as_str()).is_some_and(|e| e.starts_with(": "))
                            })
                    })
                })
        });
        failure.syscall = told.map(|name| (*name).to_owned());
    }
}
