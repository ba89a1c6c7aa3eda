//! Lines that no plugin should write.

use fuzz::{nearly, try_inputs};

use super::Answer;
use crate::{limits::Limits, logs::Logs, protocol::Call};

const LINES: &[u8] = b"{\"log\": {\"level\": \"info\", \"message\": \"begun\"}}\n\
    {\"store\": {\"key\": \"a\", \"value\": [1, 2.5e3, null, {\"b\": \"\\u00e9\"}]}}\n\
    {\"output\": {\"x\": true}}\n{\"metric\": {\"v\": -1}}\n{\"summary\": {}}\n{\"error\": {\"message\": \"m\"}}\n\
    {\"description\": {\"name\": \"n\", \"version\": \"1\"}}\n";

#[test]
fn fuzz_messages_of_plugins() {
    try_inputs(&nearly(LINES), |bytes| {
        for piece in [1, 7, bytes.len().max(1)] {
            let (mut answer, mut logs) = (
                Answer::new(&Call::Describe, &Limits::default()),
                Logs::default(),
            );
            let read = bytes
                .chunks(piece)
                .try_for_each(|piece| answer.feed(piece, &mut logs));
            let ended = read.and_then(|()| answer.end(&mut logs));
            // However it comes in pieces, it is the same answer or the same refusal.
            let told = format!("{ended:?}");
            let mut whole = Answer::new(&Call::Describe, &Limits::default());
            let mut logs = Logs::default();
            let read = whole.feed(&bytes, &mut logs);
            assert_eq!(
                told,
                format!("{:?}", read.and_then(|()| whole.end(&mut logs)))
            );
        }
    });
}
