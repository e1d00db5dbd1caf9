//! Walks over the bytes of a message without building anything, to see whether they can be one.

use bytes::Buf;

/// One field of a message in the flexible encoding (KIP-482), in which lengths and counts are unsigned varints, one more
/// than what they count so that 0 can mean null.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    /// So many bytes, whatever they mean.
    Fixed(usize),
    /// A string.
    Text,
    /// A string or null.
    TextOrNull,
    /// Bytes or null.
    BytesOrNull,
    /// So many of these.
    Array(&'static Field),
    /// So many of these, or null.
    ArrayOrNull(&'static Field),
    /// A structure within.
    Struct(&'static Shape),
}

/// A field that may be missing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tagged {
    pub tag: u32,
    /// The first version that may have it. Before, it is not known either, and the decoder refuses it.
    #[cfg_attr(not(test), expect(dead_code, reason = "the walk is the same in all versions; tests need it"))]
    pub since: i16,
    pub field: Field,
}

/// What the body of a message, or a structure in it, looks like.
///
/// * The same in every version that is spoken, except for tagged fields.
/// * Takes at least one byte, for the number of tagged fields: no count of them can be larger than what holds them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub fields: &'static [Field],
    pub tagged: &'static [Tagged],
}

/// Why bytes are not of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WalkError {
    #[error("a field wants {want} bytes and {have} are left")]
    TooShort { want: usize, have: usize },
    #[error("{0} bytes too many")]
    TooLong(usize),
    #[error("a number has more than 32 bits")]
    TooLarge,
    #[error("a field is null that may not be")]
    Null,
    #[error("tagged field {tag} is {size} bytes long and has {used}")]
    TagSize { tag: u32, size: usize, used: usize },
}

/// Walks over `body`, which must be of this shape to its last byte. Returns how many elements and tagged fields it has,
/// which is never more than it has bytes.
///
/// # Errors
/// [`WalkError`] of the first thing that is wrong.
pub(super) fn walk(shape: &Shape, body: &[u8]) -> Result<usize, WalkError> {
    let mut left = body;
    let mut walker = Walker { elements: 0 };
    walker.shape(shape, &mut left)?;
    if !left.is_empty() {
        return Err(WalkError::TooLong(left.len()));
    }
    assert!(walker.elements <= body.len(), "{} elements in {} bytes", walker.elements, body.len());
    Ok(walker.elements)
}

struct Walker {
    elements: usize,
}

impl Walker {
    fn shape(&mut self, shape: &Shape, left: &mut &[u8]) -> Result<(), WalkError> {
        for field in shape.fields {
            self.field(field, left)?;
        }
        for _ in 0..varint(left)? {
            let tag = varint(left)?;
            let size = varint(left)? as usize;
            let mut value = take(size, left)?;
            self.elements += 1;
            if let Some(tagged) = shape.tagged.iter().find(|tagged| tagged.tag == tag) {
                // The crate's decoder does not look at the size of a field it knows: both must mean the same bytes.
                match self.field(&tagged.field, &mut value) {
                    Ok(()) if value.is_empty() => {}
                    Ok(()) => return Err(WalkError::TagSize { tag, size, used: size - value.len() }),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &Field, left: &mut &[u8]) -> Result<(), WalkError> {
        match field {
            Field::Fixed(size) => take(*size, left).map(drop),
            Field::Text => take(length(left)?.ok_or(WalkError::Null)?, left).map(drop),
            Field::TextOrNull | Field::BytesOrNull => take(length(left)?.unwrap_or(0), left).map(drop),
            Field::Array(element) => {
                let count = length(left)?.ok_or(WalkError::Null)?;
                self.elements(count, element, left)
            }
            Field::ArrayOrNull(element) => {
                let count = length(left)?.unwrap_or(0);
                self.elements(count, element, left)
            }
            Field::Struct(shape) => self.shape(shape, left),
        }
    }

    fn elements(&mut self, count: usize, element: &Field, left: &mut &[u8]) -> Result<(), WalkError> {
        // Every element takes a byte at least: this stops long before a count that was made up.
        for _ in 0..count {
            self.field(element, left)?;
            self.elements += 1;
        }
        Ok(())
    }
}

/// A length or count; `None` is null.
fn length(left: &mut &[u8]) -> Result<Option<usize>, WalkError> {
    Ok(varint(left)?.checked_sub(1).map(|length| length as usize))
}

fn take<'a>(size: usize, left: &mut &'a [u8]) -> Result<&'a [u8], WalkError> {
    let (taken, rest) =
        left.split_at_checked(size).ok_or(WalkError::TooShort { want: size, have: left.len() })?;
    *left = rest;
    Ok(taken)
}

/// An unsigned varint of at most 32 bits. The crate's decoder drops bits above that; here they are an error, so that
/// nothing depends on it.
fn varint(left: &mut &[u8]) -> Result<u32, WalkError> {
    let mut value: u32 = 0;
    for shift in (0..35).step_by(7) {
        let byte = left.try_get_u8().map_err(|_| WalkError::TooShort { want: 1, have: 0 })?;
        let bits = u32::from(byte & 0x7f);
        if shift == 28 && 0x0f < byte {
            return Err(WalkError::TooLarge);
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Ok(value)
}
