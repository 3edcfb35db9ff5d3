//! Stack traces below an exception: the call that a Java, .NET or Node method stands for.

use super::Found;
use super::object;
use crate::segment::Document;
use whodenied_case::ObjectKind;
use whodenied_kernel::Call;

/// Parts of method names, the most telling first.
const METHODS: &[(&str, Call)] = &[
    ("createDirectories", Call::Mkdir),
    ("createDirectory", Call::Mkdir),
    ("CreateDirectory", Call::Mkdir),
    ("mkdirSync", Call::Mkdir),
    ("setPosixFilePermissions", Call::Chmod),
    ("setPermissions", Call::Chmod),
    ("UnixFileMode", Call::Chmod),
    ("setOwner", Call::Chown),
    ("createTempFile", Call::Create),
    ("createTempDirectory", Call::Mkdir),
    ("createNewFile", Call::Create),
    ("createFile", Call::Create),
    ("newDirectoryStream", Call::Readdir),
    ("implDelete", Call::Unlink),
    ("DeleteFile", Call::Unlink),
    ("UnixCopyFile.move", Call::Rename),
    ("MoveFile", Call::Rename),
    ("createSymbolicLink", Call::Symlink),
    ("forkAndExec", Call::Exec),
    ("ForkAndExecProcess", Call::Exec),
    ("ProcessBuilder.start", Call::Exec),
    ("ProcessImpl.start", Call::Exec),
    ("Net.bind", Call::Bind),
    ("socketBind", Call::Bind),
    ("BindAsync", Call::Bind),
    ("Socket.Bind", Call::Bind),
    ("ServerSocket", Call::Bind),
    ("DoBind", Call::Bind),
    ("Net.connect", Call::Connect),
    ("socketConnect", Call::Connect),
    ("Socket.Connect", Call::Connect),
    ("DoConnect", Call::Connect),
    ("FileChannelImpl.map", Call::Mmap),
    ("FileOutputStream.open", Call::Create),
    ("FileInputStream.open", Call::Open),
    ("RandomAccessFile.open", Call::Open),
    ("newByteChannel", Call::Open),
    ("newFileChannel", Call::Open),
    ("newOutputStream", Call::Create),
    ("newInputStream", Call::Open),
    ("FileStream", Call::Open),
    ("SafeFileHandle.Open", Call::Open),
    ("Thread.start0", Call::Clone),
];

/// Gives exceptions the call that the trace below them tells.
pub(crate) fn locate(doc: &Document, found: &mut [Found]) {
    for item in found.iter_mut() {
        let f = &item.failure;
        // A call that only the class of the exception suggested gives way.
        let weak = f.call.is_none()
            || (item.dialect == "runtime" && matches!(f.call, Some(Call::Open | Call::Bind)));
        if !weak || f.own_refusal {
            continue;
        }
        let Some(call) = below(doc, item.lines.1) else { continue };
        item.failure.call = Some(call);
        item.failure.kind = match &item.failure.object {
            Some(name) => object::kind(name, Some(call)),
            None => object::default_kind(call),
        };
        if item.failure.kind == ObjectKind::Unknown && object::on_files(call) && item.failure.object.is_some()
        {
            item.failure.kind = ObjectKind::Path;
        }
    }
}

/// The call of the first telling frame within the trace below.
fn below(doc: &Document, line: usize) -> Option<Call> {
    for line in doc.lines.iter().skip(line + 1).take(14) {
        let text = line.text.as_str();
        if !text.starts_with("at ") {
            if text.is_empty() {
                continue;
            }
            return None;
        }
        if let Some((_, call)) = METHODS.iter().find(|(name, _)| text.contains(name)) {
            return Some(*call);
        }
    }
    None
}
