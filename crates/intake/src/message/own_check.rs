//! Programs that look at a file themselves and refuse it: owner, mode, writability.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["is not owned by you"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must be owned by root"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE)
        .without(&["chrome-sandbox"]),
    Rule::on(&["too permissive"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be other-accessible"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["refusing to run with writable root inside chroot"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE),
    Rule::on(&["insecure mode (group/other writable)"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["in a world writable directory"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["only console users are allowed to run the x server"]).own(),
    Rule::on(&["dubious ownership"])
        .call(Call::Stat)
        .kind(K::Directory)
        .own()
        .states(s::DUBIOUS_OWNERSHIP)
        .object(From::After("repository at")),
    Rule::on(&["unsafe repository", "is owned by someone else"])
        .call(Call::Stat)
        .kind(K::Directory)
        .own()
        .states(s::DUBIOUS_OWNERSHIP),
    Rule::on(&["not trusting file", "uid"]).call(Call::Stat).own().states(s::DUBIOUS_OWNERSHIP),
    Rule::on(&["not trusting", "owner"]).call(Call::Stat).own().states(s::DUBIOUS_OWNERSHIP),
    Rule::on(&["unprotected private key file"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions", "are too open"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["bad owner or permissions on"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["authentication refused: bad ownership or modes"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE),
    Rule::on(&["bad ownership or modes for"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has group or world access"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has invalid permissions"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has wrong ownership"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["world-writable config file", "is ignored"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["insecure permissions"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["insecure directories"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["unsafe permissions"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["unsafe ownership"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions on", "too open"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is group-readable or world-readable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["not owned by root"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is not owned by the"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["config owner must be"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must be owned by the user identified by uid"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE),
    Rule::on(&["can only be writable by the owner"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    // keepalived and its like ask access(2) for the user that would run it.
    Rule::on(&["is not executable for"]).call(Call::Access).errno(Errno::EACCES),
    Rule::on(&["rewriterule", "executable bit"]).call(Call::Stat).own(),
    Rule::on(&["does not have the executable bit set"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["bad permissions on", "ignored"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["ownership of", "is not secure"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["because parent directory has insecure permissions"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE),
    Rule::on(&["wrong owner", "expected"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must be accessible by owner only"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be world-readable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be world readable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be world-writable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be group or world"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be accessible by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be readable by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must not be writable by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should not be readable by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should not be accessible by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should not be writable by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should be readable only by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["only be readable by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["readable by others"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["writable by others"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is group writable"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE)
        .without(&["which is", "that is"]),
    Rule::on(&["is world writable"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE)
        .without(&["which is", "that is"]),
    Rule::on(&["is world-writable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is group readable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is world readable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is world-readable"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is mode 0", "should be"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permission", "is wrong, maximum"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["wrong permissions on"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["incorrect permissions on"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["invalid permissions on"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has incorrect permissions"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has wrong permissions"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has insecure"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE)
        .without(&["lacking the privileges"]),
    // It would put it right, and may not.
    Rule::on(&["lacking the privileges to fix"])
        .call(Call::Chown)
        .kind(K::Directory)
        .errno(whodenied_kernel::Errno::EPERM),
    Rule::on(&["is not owned by us"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["not owned by uid"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["owned by", "but by uid"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["not owned by the current user"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["not owned by current uid"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["not owned by your"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is not owned by effective"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["does not belong to the current user"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is owned by a different user"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has wrong owner"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["wrong ownership"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["bad ownership"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has bad owner"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["incorrect ownership"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should be owned by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must be owned by"])
        .call(Call::Stat)
        .own()
        .states(s::BAD_FILE_MODE)
        .without(&["chrome-sandbox", "setuid"]),
    Rule::on(&["not owned by current user"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is not owned by current user"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is owned by uid", "expected"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["file is insecure"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["not secure enough"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["have mode 0", "or less"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions should be u=rw"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    // Scripts and tools that look at the user who called them.
    Rule::on(&["can only be run by"]).own().states(s::WRONG_USER),
    Rule::on(&["can only be run as"]).own().states(s::WRONG_USER),
    Rule::on(&["may only be run by"]).own().states(s::WRONG_USER),
    Rule::on(&["may only be run as"]).own().states(s::WRONG_USER),
    Rule::on(&["should only be run as"]).own().states(s::WRONG_USER),
    Rule::on(&["must be run as user"]).own().states(s::WRONG_USER),
    Rule::on(&["must be run as the"]).own().states(s::WRONG_USER).without(&["as the root", "superuser"]),
    Rule::on(&["must be run by the"]).own().states(s::WRONG_USER).without(&["by the root", "superuser"]),
    Rule::on(&["must be executed as"]).own().states(s::WRONG_USER).without(&["root"]),
    Rule::on(&["should be run as user"]).own().states(s::WRONG_USER),
    Rule::on(&["please run as the"]).own().states(s::WRONG_USER).without(&["root"]),
    Rule::on(&["must not run", "as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["must not be run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["should not be run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["not be run as superuser"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["do not run", "as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["don't run", "as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["refusing to run as root"]).own().states(s::REFUSES_ROOT),
    Rule::on(&["only root may"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["world writable directory"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must have no more than", "permissions"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    // Any wording in which a program says which mode it expects.
    Rule::on(&["expected mode"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["expected permissions"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["mode should be"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["mode must be"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must have mode"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should have mode"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must be mode"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should be mode"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions must be"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions should be"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must have permission"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should have permission"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must be chmod"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["should be chmod"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions are too loose"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions too loose"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions too open"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["permissions are too wide"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["insecure file permission"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["insecure file mode"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["unsafe mode"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must only be accessible by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must only be readable by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must only be writable by"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is world accessible"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is world-accessible"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is group accessible"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is group-accessible"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["is accessible by others"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["accessible by group or other"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["readable by group"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["writable by group"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["can be read by others"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has mode 0", "refus"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["has mode 0", "expected"]).call(Call::Stat).own().states(s::BAD_FILE_MODE),
    Rule::on(&["must have root privileges"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["root privileges required"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["root privileges are required"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["you need root privileges"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["you must be root"]).own().states(s::NEEDS_ROOT),
    Rule::on(&["you need to be root"]).own().states(s::NEEDS_ROOT),
];

#[cfg(test)]
mod tests {
    use crate::read_text;

    fn states(text: &str, id: &str) -> bool {
        let case = read_text(text);
        !case.attempts.is_empty() && case.facts.statement(id).is_some()
    }

    #[test]
    fn owners_that_a_program_insists_on() {
        for text in [
            "XDG_RUNTIME_DIR (/run/user/0) is not owned by us (uid 1000), but by uid 0!",
            "fatal: /var/lib/x/secret is owned by uid 0, expected 998",
            "error: the socket directory does not belong to the current user",
        ] {
            assert!(states(text, "bad-file-mode"), "{text}");
        }
        let case = read_text(
            "preinit: fatal: /run belongs to uid 0 instead of 150, has insecure and/or unworkable permissions, and we're lacking the privileges to fix it.",
        );
        assert!(case.attempts.iter().all(|a| !a.own_refusal) && !case.attempts.is_empty());
        assert!(!states("... which is group writable:", "bad-file-mode"));
    }
}
