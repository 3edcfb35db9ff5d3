//! The dynamic loader.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::Call;

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["failed to map segment from shared object"])
        .call(Call::Mmap)
        .kind(K::Path)
        .args(&[("prot", "PROT_EXEC")])
        .states(s::EXEC_MAP)
        .object(From::Before("failed to map segment")),
    Rule::on(&["cannot enable executable stack"])
        .call(Call::Mprotect)
        .kind(K::Path)
        .args(&[("prot", "PROT_EXEC")])
        .states(s::EXEC_STACK)
        .object(From::Before("cannot enable executable stack")),
    Rule::on(&["cannot restore segment prot after reloc"])
        .call(Call::Mprotect)
        .kind(K::Path)
        .args(&[("prot", "PROT_EXEC")])
        .states(s::TEXT_RELOCATION)
        .object(From::Before("cannot restore segment prot")),
    Rule::on(&["cannot make segment writable for relocation"])
        .call(Call::Mprotect)
        .kind(K::Path)
        .args(&[("prot", "PROT_WRITE")])
        .states(s::TEXT_RELOCATION),
    Rule::refine(&["error while loading shared libraries", "cannot open shared object file"])
        .call(Call::Open)
        .kind(K::Path)
        .object(From::After("loading shared libraries:")),
    Rule::refine(&["cannot open shared object file"]).call(Call::Open).kind(K::Path),
    Rule::refine(&["failed to load", ".so"]).call_if_none(Call::Mmap),
    Rule::refine(&["ld.so: object", "cannot be preloaded"])
        .call(Call::Open)
        .kind(K::Path)
        .object(From::After("object")),
    Rule::refine(&["bad interpreter"]).call(Call::Exec).kind(K::Executable).args(&[("via", "interpreter")]),
    Rule::refine(&["cannot allocate executable memory"]).call(Call::Mmap).args(&[("prot", "PROT_EXEC")]),
    Rule::on(&["failed to allocate executable memory"]).call(Call::Mmap).args(&[("prot", "PROT_EXEC")]),
    Rule::on(&["failed to mark memory page as executable"])
        .call(Call::Mprotect)
        .args(&[("prot", "PROT_EXEC")])
        .own(),
    Rule::on(&["allocation of jit memory failed"]).call(Call::Mmap).args(&[("prot", "PROT_EXEC")]),
    Rule::on(&["could not allocate dynamic translator buffer"])
        .call(Call::Mmap)
        .args(&[("prot", "PROT_EXEC")]),
    Rule::on(&["failed to create coreclr"]).call(Call::Mmap).args(&[("prot", "PROT_EXEC")]),
];
