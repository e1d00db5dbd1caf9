//! Good lines, and what is said about bad ones.

use super::*;

const GOOD: &str = r#"{"history":1,"processes":[{"process":0,"name":"a","promise":{"acks":"all","idempotent":true,"order":"kept"}}]}
{"index":0,"time_us":3,"process":0,"type":"invoke","f":"send","topic_partition":"orders-0","message":"0/0"}
{"index":1,"time_us":4,"process":0,"type":"info","f":"send","topic_partition":"orders-0","message":"0/0","errors":["disconnected"]}
{"process":1,"type":"ok","f":"seek"}
{"process":1,"type":"ok","f":"poll","topic_partition":"orders-0","records":[[31,"0/0"],[32,null]]}
{"process":1,"type":"ok","f":"final-read","topic_partition":"orders-0","end":33}
"#;

fn read(text: &str) -> Result<(usize, Vec<String>), ReadError> {
    let mut reader = JsonlReader::new(text.as_bytes())?;
    let mut operations = 0;
    while reader.next_operation()?.is_some() {
        operations += 1;
    }
    Ok((operations, reader.warnings().to_vec()))
}

#[test]
fn as_little_as_a_foreign_client_knows_is_enough() {
    assert_eq!(read(GOOD).expect("reads"), (5, Vec::new()));
    let least = r#"{"history":1}

{"process":7,"type":"invoke","f":"send","topic_partition":"orders-0","message":"0/0"}"#;
    assert_eq!(read(least).expect("reads"), (1, Vec::new()));
    let history = History::read_jsonl(least.as_bytes()).expect("reads");
    assert_eq!(history.processes()[0].name, "process-7");
}

#[test]
fn wrong_lines_are_named() {
    let wrong = [
        (r#""history":1"#, r#""history":2"#, "line 1: version 2"),
        (r#""history""#, r#""histroy""#, "line 1: no header: missing field `history`"),
        (r#""order":"kept""#, r#""ordr":"kept""#, "line 1: no header: missing field `order`"),
        (r#""errors""#, r#""erorrs""#, "line 3: unknown key `erorrs`: did you mean `errors`?"),
        (r#""index":1"#, r#""index":0"#, "line 3: index 0 after 0"),
        (r#""time_us":4"#, r#""time_us":2"#, "line 3: time_us 2 of process 0 after 3"),
        (r#""disconnected""#, r#""disconnect""#, "line 3: unknown error `disconnect`"),
        (r#""type":"ok","f":"poll""#, r#""type":"info","f":"poll""#, "line 5: only a send"),
        (r#""f":"poll""#, r#""f":"pol""#, "line 5: unknown variant `pol`"),
        (r#""records""#, r#""recods""#, "line 5: a poll without `records`"),
        (r#"[31,"0/0"]"#, r#"["31","0/0"]"#, "line 5: invalid type"),
        (r#"[31,"0/0"]"#, "[-1,null]", "line 5: -1 is no offset"),
        (r#""end":33"#, r#""ende":33"#, "line 6: a final read without `end`"),
        (r#""end":33"#, r#""end":33,"last":true"#, "line 6: the key `last` belongs to another `f`"),
        (r#""end":33}"#, r#""end":33} {}"#, "line 6: one line holds one object"),
        (r#""end":33}"#, r#""end":3"#, "line 6: EOF while parsing"),
        (r#","topic_partition":"orders-0","end""#, r#","end""#, "line 6: no `topic_partition`"),
    ];
    for (from, to, expected) in wrong {
        assert!(GOOD.contains(from), "{from}");
        let error = read(&GOOD.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.starts_with(expected), "{to}: {error}");
    }
    assert!(read("").is_err());
}

#[test]
fn a_torn_last_line_is_told_from_a_wrong_one() {
    let torn = &GOOD[..GOOD.len() - 9];
    let Err(ReadError::Line { line: 6, help: CUT_OFF, .. }) = read(torn) else { panic!("{torn}") };
}

#[test]
fn a_line_without_an_end_is_refused_before_it_fills_the_memory() {
    let error = JsonlReader::new(io::BufReader::new(io::repeat(0))).err().expect("no header");
    assert_eq!(error.to_string(), "line 1: longer than 16777216 bytes");
    let long = format!("{GOOD}{}", " ".repeat(LENGTH_MAX + 1));
    assert_eq!(read(&long).expect_err("too long").to_string(), "line 7: longer than 16777216 bytes");
    assert!(read(&format!("{GOOD}{}\n", " ".repeat(LENGTH_MAX - 1))).is_ok());
}

#[test]
fn an_offset_of_minus_one_is_one_that_the_broker_did_not_say() {
    let send = |offset: i64| {
        let text = GOOD.replacen(
            r#""type":"info","f":"send","topic_partition":"orders-0","message":"0/0","errors":["disconnected"]"#,
            &format!(r#""type":"ok","f":"send","topic_partition":"orders-0","message":"0/0","offset":{offset}"#),
            1,
        );
        History::read_jsonl(text.as_bytes())
    };
    let history = send(-1).expect("reads");
    assert!(matches!(history.operations()[1].f, OpF::Send { offset: None, .. }));
    assert!(send(-2).is_err());
}

#[test]
fn unknown_keys_are_ignored_with_one_warning_each() {
    let text = GOOD.replace(r#""type""#, r#""order":1,"colour":"blue","type""#);
    let (operations, warnings) = read(&text).expect("reads");
    assert_eq!(operations, 5);
    let expected = ["line 2: unknown key `order` is ignored", "line 2: unknown key `colour` is ignored"];
    assert_eq!(warnings, expected);
}
