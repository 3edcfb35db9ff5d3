//! Policy that was in force, as evidence holds it. What the loads say is for the judges.

use whodenied_case::policy::{MOST_PROFILES, MOST_TEXT, Policy, SCHEMA};
use whodenied_case::{Case, Origin};

/// Reads the first policy of the case.
pub(crate) fn attach(case: &mut Case) {
    let Some(evidence) = case.evidence.iter().find(|e| e.origin == Origin::Policy) else { return };
    if evidence.text.len() > MOST_TEXT || evidence.omitted > 0 {
        case.missing.push("The loaded policy is too large and was not read.".to_owned());
        return;
    }
    match serde_json::from_str::<Policy>(evidence.text.trim()) {
        Ok(mut policy) if policy.schema == SCHEMA => {
            policy.profiles.truncate(MOST_PROFILES);
            policy.loads.truncate(MOST_PROFILES);
            case.missing.extend(policy.missing.iter().take(MOST_PROFILES).cloned());
            case.policy = Some(policy);
        }
        Ok(_) => case.missing.push("The loaded policy is of another version and was not read.".to_owned()),
        Err(error) => case.missing.push(format!("The loaded policy can't be read: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use whodenied_case::{Evidence, Origin};
    use whodenied_text::SourceId;

    fn read(text: &str) -> whodenied_case::Case {
        let evidence = Evidence::new(SourceId(0), Origin::Policy, text.to_owned());
        crate::understood(vec![evidence], Vec::new())
    }

    #[test]
    fn hostile_policy_is_named_and_left() {
        assert_eq!(read("{").missing.len(), 1);
        let other = r#"{"schema":"whodenied-policy/9","release":"","features":""}"#;
        assert_eq!((read(other).policy, read(other).missing.len()), (None, 1));
        let ours = r#"{"schema":"whodenied-policy/1","release":"6.12","features":"","missing":["x"]}"#;
        let case = read(ours);
        assert_eq!((case.policy.unwrap().release, case.missing), ("6.12".to_owned(), vec!["x".to_owned()]));
        assert_eq!(read(&"x".repeat(1 << 20)).missing.len(), 1);
    }
}
