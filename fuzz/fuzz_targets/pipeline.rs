//! From bytes to the terminal report, and what must hold there.

use whodenied_case::Origin;
use whodenied_intake::Input;

pub fn run(data: &[u8]) {
    let input = Input { origin: Origin::Paste { name: "-".into() }, reader: Box::new(std::io::Cursor::new(data.to_vec())) };
    let mut case = whodenied_intake::read(vec![input]);
    whodenied_judge::judge(&mut case);
    whodenied_remedy::offer(&mut case);
    let json = whodenied_report::json::render(&case);
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    let options = whodenied_report::terminal::Options { all: true, ..Default::default() };
    let screen = whodenied_report::terminal::render(&case, &options);
    assert!(!screen.contains(|c: char| c != '\n' && (c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c))));
}
