use crate::support::run;

#[test]
fn the_demo_names_the_layer_the_mechanism_and_the_fix() {
    let ran = run(&["demo"], "");
    assert_eq!(ran.status, 0, "{}", ran.err);
    ran.assert_harmless();
    let (bare, with_record) = ran.out.split_once("\n2. ").unwrap();
    assert!(bare.contains("\nAppArmor refused socketpair") && bare.contains("likely"), "{bare}");
    assert!(
        with_record.contains("\nAppArmor refused socketpair") && with_record.contains("proven"),
        "{with_record}"
    );
    for part in
        ["docker-default", "abi", "apparmor_parser", "security_opt", "apparmor=", "Stays blocked", "mount"]
    {
        assert!(with_record.contains(part), "{part} is missing:\n{with_record}");
    }
}

#[test]
fn the_demo_says_why_the_first_guesses_could_not_help() {
    let ran = run(&["demo", "--step", "2", "--all"], "");
    let guesses =
        ran.out.split("What can't help").nth(1).unwrap().split("\nFix").next().unwrap().to_lowercase();
    for guess in ["root", "ipc", "cap", "seccomp"] {
        assert!(guesses.contains(guess), "{guess} is missing:\n{guesses}");
    }
}

#[test]
fn the_demo_is_one_document_per_step_as_json() {
    for (step, certainty) in [("1", "likely"), ("2", "proven")] {
        let first = &run(&["demo", "--step", step, "--format", "json"], "").json()["denials"][0];
        assert_eq!(first["layer"], "apparmor");
        assert_eq!(first["certainty"], certainty);
        assert_eq!(first["broke_the_program"], "yes");
    }
}
