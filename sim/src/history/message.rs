//! Messages: what a record's value says, so that a record found anywhere names its send.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Hex digits at the start of a value.
const DIGITS: usize = 16;
/// Fills a value up to its size.
const PADDING: u8 = b'.';

/// Identifies a message by who sent it and how many that client had sent before. Written `client/ordinal`, such as
/// `0/12`, in histories and reports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(u64);

impl MessageId {
    /// Message `ordinal`, from 0, of client `client`.
    pub fn new(client: u32, ordinal: u32) -> MessageId {
        MessageId(u64::from(client) << 32 | u64::from(ordinal))
    }

    /// The client that sends it.
    pub fn client(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// How many messages that client sends before it.
    pub fn ordinal(self) -> u32 {
        self.0 as u32
    }

    /// A record value that carries this message: 16 hexadecimal digits, then dots up to `bytes`. Never shorter than the
    /// digits.
    pub fn to_value(self, bytes: usize) -> Bytes {
        let mut value = vec![PADDING; bytes.max(DIGITS)];
        for (place, digit) in value[..DIGITS].iter_mut().rev().enumerate() {
            *digit = b"0123456789abcdef"[(self.0 >> (4 * place) & 0xf) as usize];
        }
        value.into()
    }

    /// The message that `value` carries; `None` if no message looks like this.
    pub fn from_value(value: &[u8]) -> Option<MessageId> {
        let (digits, padding) = value.split_at_checked(DIGITS)?;
        if padding.iter().any(|byte| *byte != PADDING) {
            return None;
        }
        let id = digits.iter().try_fold(0, |id, digit| {
            let digit = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                _ => return None,
            };
            Some(id << 4 | u64::from(digit))
        })?;
        Some(MessageId(id))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.client(), self.ordinal())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MessageId {
    type Err = String;

    fn from_str(text: &str) -> Result<MessageId, String> {
        text.split_once('/')
            .and_then(|(client, ordinal)| Some(MessageId::new(client.parse().ok()?, ordinal.parse().ok()?)))
            .ok_or_else(|| format!("`{text}` is not a message such as `0/12`"))
    }
}

impl Serialize for MessageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MessageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(MessageVisitor)
    }
}

/// Takes the text as it stands in the input, without a copy.
struct MessageVisitor;

impl Visitor<'_> for MessageVisitor {
    type Value = MessageId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message such as \"0/12\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<MessageId, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn values_carry_messages(client: u32, ordinal: u32, bytes in 0_usize..64) {
            let message = MessageId::new(client, ordinal);
            prop_assert_eq!((message.client(), message.ordinal()), (client, ordinal));
            let value = message.to_value(bytes);
            prop_assert_eq!(value.len(), bytes.max(16));
            prop_assert_eq!(MessageId::from_value(&value), Some(message));
            prop_assert_eq!(message.to_string().parse(), Ok(message));
        }

        #[test]
        fn a_changed_byte_is_another_message_or_none(ordinal: u32, at in 0_usize..40, bit in 0..8) {
            let message = MessageId::new(3, ordinal);
            let mut value = message.to_value(40).to_vec();
            value[at] ^= 1_u8 << bit;
            prop_assert_ne!(MessageId::from_value(&value), Some(message));
        }
    }

    #[test]
    fn what_no_client_wrote_is_no_message() {
        for wrong in
            [&b""[..], b"000000000000000", b"000000000000000G", b"+00000000000000a", b"000000000000000a ."]
        {
            assert_eq!(MessageId::from_value(wrong), None, "{wrong:?}");
        }
    }
}
