//! Small histories of Jepsen's, and what becomes of them.

use super::*;

fn read(text: &str) -> Result<Vec<String>, ReadError> {
    let mut reader = JepsenReader::new(text.as_bytes());
    let mut said = Vec::new();
    while let Some(Operation { index, process, kind, f, .. }) = reader.next_operation()? {
        let f = match f {
            OpF::Send { topic_partition, message, offset, .. } => {
                let offset = offset.map_or_else(String::new, |offset| format!(" at {offset}"));
                format!("{kind:?} send {message} to {topic_partition}{offset}")
            }
            OpF::Poll { topic_partition, records, .. } => {
                let records = records.iter().map(|record| (record.offset.0, record.message));
                format!("poll {topic_partition} {:?}", records.collect::<Vec<_>>())
            }
            OpF::Seek { topic_partition, .. } => {
                topic_partition.map_or_else(|| "seek".to_owned(), |at| format!("seek {at}"))
            }
            OpF::FinalRead { .. } => unreachable!("Jepsen has none"),
        };
        said.push(format!("{index} {process} {f}"));
    }
    Ok(said)
}

#[test]
fn sends_and_polls_of_both_forms_are_read() {
    let text = "{:type :invoke, :f :send, :value [[:send 11 641]], :time 280153467070, :process 379, :index 4}\n\
                #jepsen.history.Op{:index 5, :time 280169754615, :type :ok, :process 379, :f :send, :value ([:send 11 [537 641]])}\n\
                {:type :info, :f :start-partition, :process :nemesis, :value [:isolated {\"n1\" #{\"n2\"}}]}\n\
                {:process 4, :type :invoke, :f :poll, :value [[:poll]]}\n\
                {:process 4, :type :ok, :f :poll,\n  :value [[:poll {11 [[537 641] [538 nil]]}]]}\n";
    let expected = [
        "4 379 Invoke send 11/641 to key-11",
        "5 379 Ok send 11/641 to key-11 at 537",
        "7 4 poll key-11 [(537, Some(11/641)), (538, None)]",
    ];
    assert_eq!(read(text).expect("reads"), expected);
}

#[test]
fn a_transaction_ends_as_one_and_its_polls_are_believed() {
    let text = "{:process 0, :type :invoke, :f :txn, :value [[:send :x 1] [:poll] [:send \"y\" :a]]}\n\
                {:process 0, :type :info, :f :txn, :value [[:send :x [3 1]] [:poll {:x [[0 0]]}] [:send \"y\" :a]]}\n\
                {:process 1, :type :invoke, :f :send, :value [[:send :x 2]]}\n\
                {:process 1, :type :fail, :f :send, :value nil, :error {:type :abort, :body-error #error {:cause \"no\"}}}\n";
    let expected = [
        "0 0 Invoke send 2147483648/1 to x-0",
        "0 0 Invoke send 2147483649/2147483648 to y-0",
        "1 0 poll x-0 [(0, Some(2147483648/0))]",
        "1 0 Info send 2147483648/1 to x-0",
        "1 0 Info send 2147483649/2147483648 to y-0",
        "1 0 seek",
        "2 1 Invoke send 2147483648/2 to x-0",
        "3 1 Fail send 2147483648/2 to x-0",
    ];
    assert_eq!(read(text).expect("reads"), expected);
}

#[test]
fn whatever_may_move_a_consumer_is_a_seek() {
    let poll = "{:process 0, :type :ok, :f :poll, :value [[:poll {1 [[0 0] [1 1]], 2 [[5 5]]}]]}\n";
    let cases = [
        ("{:process 0, :type :ok, :f :assign, :value [1 2]}", vec![]),
        ("{:process 0, :type :ok, :f :assign, :value [2 3]}", vec!["1 0 seek key-1"]),
        ("{:process 0, :type :ok, :f :assign, :value [1 2], :seek-to-beginning? true}", vec!["1 0 seek"]),
        ("{:process 0, :type :invoke, :f :assign, :value [3]}", vec![]),
        ("{:process 0, :type :info, :f :crash}", vec!["1 0 seek"]),
        ("{:process 0, :type :fail, :f :poll, :value [[:poll]]}", vec!["1 0 seek"]),
        (
            "{:process 0, :type :ok, :f :subscribe, :value [1]}\n{:process 0, :type :ok, :f :poll, :value [[:poll {1 [[2 2]]}]]}",
            vec!["1 0 seek", "2 0 seek key-1", "2 0 poll key-1 [(2, Some(1/2))]"],
        ),
        (
            "{:process 0, :type :ok, :f :poll, :value [[:poll {1 [[2 2] [3 3]]}]], :rebalance-log [{:keys [1]}]}",
            vec![
                "1 0 seek key-1",
                "1 0 poll key-1 [(2, Some(1/2))]",
                "1 0 seek key-1",
                "1 0 poll key-1 [(3, Some(1/3))]",
            ],
        ),
    ];
    for (then, expected) in cases {
        let said = read(&format!("{poll}{then}")).expect(then);
        assert_eq!(said[2..], expected, "{then}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let good = "{:process 0, :type :invoke, :f :send, :value [[:send 1 1]]}\n";
    let wrong = [
        (
            "{:process 0, :type :ok, :f :send, :value [[:send 1 [3 1]]",
            "line 2: an operation that does not end",
        ),
        ("{:process 0, :type :ok", "line 2: an operation that does not end"),
        ("{:process 0, :type ]", "line 2: no EDN at column 20"),
        ("[:process 0]", "line 2: no operation"),
        ("{:f :send, :type :ok}", "line 2: no `:process`"),
        ("{:f :send, :process 1, :type :maybe}", "line 2: `:type` is none"),
        ("{:f :poll, :process 1, :type :ok, :value [[:poll {1 [[nil 3]]}]]}", "line 2: a record was polled"),
        ("{:f :txn, :process 1, :type :ok, :value [[:append 1 3]]}", "line 2: a micro-operation"),
        ("{:f :send, :process 1, :type :ok, :value [[:send 1 [-3 3]]]}", "line 2: an offset that is no"),
    ];
    for (line, expected) in wrong {
        let error = read(&format!("{good}{line}\n{good}")).expect_err(line).to_string();
        assert!(error.starts_with(expected), "{line}: {error}");
    }
}
