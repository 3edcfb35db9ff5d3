use super::*;
use proptest::prelude::*;

fn errors(text: &str) -> Vec<String> {
    parse(text, Entry::File).problems.into_iter().map(|p| p.message).collect()
}

fn lossless(text: &str) {
    let parse = parse(text, Entry::File);
    assert_eq!(parse.root().text().to_string(), text);
    for problem in &parse.problems {
        assert!(text.get(problem.span.clone()).is_some(), "{problem:?} in {text:?}");
    }
}

#[test]
fn whole_files_are_read_without_errors_and_kept() {
    for text in [
        "abi <abi/4.0>,\ninclude <tunables/global>\n@{X} = /a \"/b c\" \\\n  /d # why\n$B = true\n",
        "alias /a -> /b,\nprofile x /bin/{x,y} xattrs=(user.a=\"b\") flags=(complain, audit) {\n  file,\n}\n",
        "/bin/x (complain) {\n  #include <abstractions/base>\n  include if exists \"x y\"\n  ^hat { /a r, }\n}\n",
        "profile x {\n  audit deny owner /a\\ b rw,\n  rw /a,\n  /b Pix -> c//d,\n  link subset /a -> /b,\n}\n",
        "profile x {\n  mount options=(rw, bind) fstype in (ext3,ext4) /dev/sd* -> /mnt/{,**},\n  umount /x,\n}\n",
        "profile x {\n  unix (send receive) type=stream addr=@a peer=(label=x addr=none),\n  signal send set=(term hup) peer=@{p},\n}\n",
        "profile x {\n  if defined @{X} and not ($B or $C) { /a r, } else if $C { /b r, } else { /c r, }\n}\n",
        "profile x {\n  set rlimit nice <= -10,\n  change_profile unsafe /a -> b,\n  priority=-5 audit allow { /x r, }\n}\n",
    ] {
        assert_eq!(errors(text), Vec::<String>::new(), "{text}");
        lossless(text);
    }
}

#[test]
fn reading_goes_on_at_the_next_rule() {
    let text = "profile x {\n  /a r\n  capabillity x,\n  /b r,\n  /c q,\n}\n";
    let parse = parse(text, Entry::File);
    let said: Vec<(&str, &str)> =
        parse.problems.iter().map(|p| (p.message.as_str(), text.get(p.span.clone()).unwrap())).collect();
    assert_eq!(
        said,
        [
            ("`,` is missing behind this file rule", ""),
            ("not a keyword of the policy language", "capabillity"),
            ("permissions are missing", "q"),
        ]
    );
    lossless(text);
}

#[test]
fn hostile_texts_are_bounded() {
    let deep = "profile x {".repeat(10_000);
    assert!(errors(&deep).iter().any(|e| e.contains("nested deeper")));
    lossless(&deep);
    let parens = format!("profile x {{ signal {}", "(".repeat(100_000));
    assert!(errors(&parens).iter().any(|e| e.contains("nested deeper")));
    let nots = format!("${{A}} = {}", "not (".repeat(50_000));
    assert!(errors(&nots).iter().any(|e| e.contains("nested deeper")));
    let chain = format!("profile x {{ if $A {{}} {} }}\n", "else if $A {}\n".repeat(20_000));
    lossless(&chain);
    let line = format!("profile x {{ /{} r,\n}}\n", "a".repeat(100 << 20));
    assert_eq!(errors(&line), [format!("the file has {} bytes; at most {MAX_BYTES} are read", line.len())]);
    let commas = format!("profile x {{ {} }}", ",".repeat(100_000));
    assert!(errors(&commas).len() <= MAX_ERRORS);
}

#[test]
fn bytes_that_are_no_text_survive() {
    let bytes = b"/a\xff\xfe\xc3\xa9 r,";
    assert_eq!(encode(&decode(bytes)), bytes);
}

proptest! {
    #[test]
    fn any_text_is_kept(text in "[ -~\n\"{}(),@$\\\\]{0,200}") {
        lossless(&text);
    }

    #[test]
    fn pieces_of_policy_are_kept(parts in proptest::collection::vec(0..PIECES.len(), 0..40)) {
        let text: String = parts.into_iter().map(|i| PIECES[i]).collect();
        lossless(&text);
    }
}

const PIECES: &[&str] = &[
    "profile x ",
    "{",
    "}",
    "\n",
    " ",
    ",",
    "/a r",
    "deny ",
    "owner ",
    "@{A}",
    "=",
    "+= ",
    "$B",
    "if ",
    "else ",
    "not ",
    "defined ",
    "(",
    ")",
    "mount ",
    "options",
    " in ",
    "-> ",
    "unix ",
    "peer=(",
    "\"",
    "#include ",
    "# x",
    "<a>",
    "include if exists ",
    "set rlimit ",
    "<= ",
    "cpu ",
    "priority=",
    "é",
    "\u{10FFFE}",
    "^h ",
    "abi ",
    "alias ",
    "link subset ",
    "\\",
    "\r\n",
];
